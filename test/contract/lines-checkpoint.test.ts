// The source contract, on lines with a checkpoint: each source has a directory of its own, and goes on where `resume` says.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { lines } from '../../dist/sources/lines.js'
import { type MadeSource, sourceContract } from '../../src/testing/index.js'

describe('lines with a checkpoint', () => {
  const many = Array.from({ length: 300 }, (_, i) => `line ${i} ${'x'.repeat(i)}`)
  const resumable = { describe, it, resumable: true, runs: 10 }
  sourceContract(() => linesOf(many), { ...resumable, name: 'of a file' })
  sourceContract(() => linesOf(['a', '', 'ü'], [], ['b'], many), { ...resumable, name: 'of several files' })
  sourceContract(() => linesOf([]), { describe, it, name: 'of an empty file', runs: 3 })
})

/** One file for each list; the last lines have no line feed. */
async function linesOf(...files: readonly (readonly string[])[]): Promise<MadeSource> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-'))
  const path = files.map((_, i) => join(directory, `${i}.txt`))
  await Promise.all(files.map((file, i) => writeFile(path[i], file.join('\n'))))
  const cleanup = () => rm(directory, { recursive: true })
  return {
    source: lines({ path, checkpoint: join(directory, 'checkpoint') }),
    expected: files.flat(),
    cleanup,
  }
}
