// Does with a page of the documents what its reader does: writes its files, runs its programs and commands, and looks whether
// they print what it says. Each page has a directory and ports of its own, so pages can be read side by side.
//   js, with `// name.mjs` as its first line   a file; `topology.mjs`, `run.mjs` and `….test.mjs` are run
//   sh                                          is run, where it needs nothing that a test cannot have
//   text, right after one that was run          is what it printed; `…` stands for anything

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { type Ended, MAIN, ROOT, runNode } from './child.js'
import { type Block, blocksOf } from './markdown.js'
import { runShell } from './shell.js'

/** What each program finds on its stdin. */
const STDIN = 'one\ntwo\n'
const TIMEOUT_MS = 60_000
/** The ports that the pages speak of. Two pages at a time cannot have the same. */
const PORTS = ['8080', '9090']

/** What pages tell their reader to install beside it. */
const PEERS = ['@opentelemetry']

/** Commands that no test may or can run, and why. */
const NOT_RUN: Record<string, string> = {
  npm: 'installs packages, or runs the tests that this is one of',
  docker: 'needs a daemon',
}

/** Where the pages say that a Kafka broker is. What speaks of it is run by test/kafka/docs.test.ts, which has one. */
const BROKER = 'localhost:9092'

export const needsBroker = (markdown: string): boolean => markdown.includes(BROKER)

/** Rejects where a program or a command fails, or prints something else. `broker`: the address of one, for pages that need it. */
export async function followPage(markdown: string, broker = BROKER): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-docs-'))
  try {
    await furnish(directory)
    await follow(blocksOf(await withPorts(markdown.replaceAll(BROKER, broker))), directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** True for a block that is run, or is written to a file. */
export function isFollowed({ file, language, text }: Block): boolean {
  return file !== undefined || (language === 'sh' && canRun(text))
}

async function follow(blocks: readonly Block[], directory: string): Promise<void> {
  let last: Ended | undefined
  for (const [i, block] of blocks.entries()) {
    const where = `${block.file ?? block.language} at line ${block.line}`
    if (block.language === 'text' && last !== undefined) {
      expect(last.stdout, where).toMatch(outputOf(block))
      last = undefined
    } else {
      last = await use(block, blocks.slice(i + 1), directory)
      expect(last?.code ?? 0, `${where}\n${last?.stdout}\n${last?.stderr}`).toBe(0)
    }
  }
}

/** Writes the file, and runs it where it is a program. Gives what came of a run. */
async function use(block: Block, later: readonly Block[], directory: string): Promise<Ended | undefined> {
  const { file, language, text } = block
  if (file !== undefined) {
    await mkdir(join(directory, dirname(file)), { recursive: true })
    await writeFile(join(directory, file), text)
    const args = isRunLater(file, later) ? undefined : argumentsFor(file)
    return args && runNode(args, { cwd: directory, input: STDIN, timeoutMs: TIMEOUT_MS })
  }
  const isCommand = language === 'sh' && canRun(text) && process.platform !== 'win32'
  return isCommand ? runShell(text, { cwd: directory, input: STDIN, timeoutMs: TIMEOUT_MS }) : undefined
}

function argumentsFor(file: string): string[] | undefined {
  if (file === 'topology.mjs') return [MAIN, 'run', file, '--quiet']
  if (file === 'run.mjs') return [file]
  return file.endsWith('.test.mjs') ? ['--test', file] : undefined
}

/**
 * A topology that a later program or command of the page runs need not be run by itself: it may be one that has no end.
 * But it is where the page says at once what it prints.
 */
function isRunLater(file: string, later: readonly Block[]): boolean {
  if (later[0]?.language === 'text') return false
  const next = later.findIndex((each) => each.file === file)
  const until = next === -1 ? later : later.slice(0, next)
  return until.some((each) => isFollowed(each) && isRun(each) && each.text.includes(file))
}

function isRun({ file, language }: Block): boolean {
  return file === undefined ? language === 'sh' : argumentsFor(file) !== undefined
}

function canRun(text: string): boolean {
  const words = [...text.matchAll(/(?:^|[|;&]|\bdo\b)\s*([\w-]+)/gm)].map(([, word]) => word)
  return !words.some((word) => Object.hasOwn(NOT_RUN, word))
}

/** What a block says is printed: all but the command lines. */
function outputOf({ text }: Block): RegExp {
  const escaped = text
    .replace(/^\$ .*\n/gm, '')
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/^…\n/gm, '(?:.*\n)*?')
    .replaceAll('…', '.*')
  return new RegExp(`^${escaped}$`)
}

/** As a project that has installed this package. */
async function furnish(directory: string): Promise<void> {
  const bin = join(directory, 'node_modules/.bin')
  await mkdir(bin, { recursive: true })
  await symlink(ROOT, join(directory, 'node_modules/millrace'), 'junction')
  for (const name of PEERS)
    await symlink(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name), 'junction')
  // As npm's link: it runs by itself, and by node.
  const main = `#!/usr/bin/env node\nimport(${JSON.stringify(pathToFileURL(MAIN).href)})\n`
  await writeFile(join(bin, 'millrace'), main, { mode: 0o755 })
  // What npx does with a package that is there, without its half a second.
  await writeFile(join(bin, 'npx'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 })
}

async function withPorts(markdown: string): Promise<string> {
  let text = markdown
  for (const port of PORTS) text = text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), String(await freePort()))
  return text
}

/** Below those that the system gives to whoever asks for any: so nobody takes it meanwhile. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (isFree) {
      await new Promise((resolve) => server.close(resolve))
      return port
    }
  }
}
