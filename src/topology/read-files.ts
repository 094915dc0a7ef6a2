// Which files the source reads: a sink that appends to one of them feeds the source for ever.

import { stat } from 'node:fs/promises'
import { MillraceError } from '../kernel/failure.js'
import { show } from '../kernel/show.js'

type End = { files?(): readonly string[] }

export class ReadFiles {
  private readonly identities: Promise<ReadonlySet<string>>

  constructor(source: End) {
    // What is wrong with the source is told of the source: see checkEnds.
    this.identities = identitiesOf(source).catch(() => new Set())
  }

  /** Rejects with ERR_CONFIG where the sink writes to one of them. */
  async refuse(where: string, name: string, sink: End): Promise<void> {
    const read = await this.identities
    for (const path of filesOf(name, sink)) {
      const identity = await identityOf(path)
      if (identity === undefined || !read.has(identity)) continue
      const what = `${where}: ${name}: ${path} is what the source reads, wanted another file: it would read what is written, without an end`
      throw new MillraceError('ERR_CONFIG', what)
    }
  }
}

/** Gives the files that an end names. Throws ERR_CONFIG where it names none such. */
export function filesOf(name: string, end: End): readonly string[] {
  const files = end.files?.() ?? []
  if (Array.isArray(files) && files.every((path) => typeof path === 'string')) return files
  throw new MillraceError('ERR_CONFIG', `${name}: files() gave ${show(files)}, wanted a list of paths`)
}

async function identitiesOf(source: End): Promise<ReadonlySet<string>> {
  const identities = await Promise.all(filesOf('source', source).map(identityOf))
  return new Set(identities.filter((identity) => identity !== undefined))
}

/** What it is by whatever name; undefined where it is none yet. A terminal or a pipe gives nobody his own words back. */
async function identityOf(path: string): Promise<string | undefined> {
  const known = await stat(path, { bigint: true }).catch(() => undefined)
  return known?.isFile() ? `${known.dev}:${known.ino}` : undefined
}
