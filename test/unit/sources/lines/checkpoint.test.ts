// Lines with a checkpoint, as they are built: what a run finds again that an earlier one has settled.

import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lines } from '../../../../dist/sources/lines.js'
import { createLog } from '../../../../src/kernel/log.js'
import type { Source, SourcePosition } from '../../../../src/sources/source.js'

type Given = { text: string; partition: number; offset: bigint }
type Life = { source: Source; given: Given[]; controller: AbortController }

let folder: string
let checkpoint: string
const told: string[] = []
const open: Source[] = []
const log = createLog(({ level, message }) => told.push(`${level}: ${message}`), 'test', 'test')

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-lines-')))
  checkpoint = join(folder, 'checkpoint')
  told.length = 0
})
afterEach(async () => {
  for (const source of open.splice(0)) await Promise.resolve(source.close?.()).catch(() => undefined)
  rmSync(folder, { recursive: true })
})

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** Opens a source and reads it to its end. */
async function read(path: string | string[], resume?: SourcePosition): Promise<Life> {
  const source = lines({ path, checkpoint })
  open.push(source)
  const controller = new AbortController()
  await source.open?.({ log, messageBytesMax: 1e6, signal: controller.signal, ...(resume && { resume }) })
  return { source, given: await rest(source), controller }
}

async function rest(source: Source): Promise<Given[]> {
  const given: Given[] = []
  for (;;) {
    const records = await source.read(7)
    if (records === null) return given
    for (const { value, partition, offset } of records) {
      given.push({
        text: Buffer.from(value as Uint8Array).toString(),
        partition: partition ?? 0,
        offset: BigInt(offset as number),
      })
    }
  }
}

/** One life: reads all, acks those lines, and closes. Gives what was read. */
async function life(
  path: string | string[],
  isAcked: (text: string) => boolean = () => true,
): Promise<string[]> {
  const { source, given } = await read(path)
  await source.ack?.(given.filter(({ text }) => isAcked(text)))
  await close(source)
  return given.map(({ text }) => text)
}

async function close(source: Source): Promise<void> {
  open.splice(open.indexOf(source), 1)
  await source.close?.()
}

describe('the next run', () => {
  it('begins at the first line that was not acked, and gives nothing where all were', async () => {
    const path = file('a', 'one\ntwo\nthree\nfour\n')
    expect(await life(path, (text) => text === 'one' || text === 'three')).toEqual([
      'one',
      'two',
      'three',
      'four',
    ])
    expect(await life(path, (text) => text === 'two')).toEqual(['two', 'three', 'four'])
    expect(await life(path)).toEqual(['three', 'four'])
    expect(await life(path)).toEqual([])
    appendFileSync(path, 'five\n')
    expect(await life(path)).toEqual(['five'])
    expect(told).toEqual([])
  })

  it('gives a nacked line, and those after it, even if those were acked', async () => {
    const path = file('a', 'one\ntwo\nthree\n')
    const { source, given } = await read(path)
    await source.ack?.([given[0], given[2]])
    await source.nack?.([{ ...given[1], reason: 'test', delayMs: 0 }])
    expect((await rest(source)).map(({ text }) => text)).toEqual(['two'])
    await close(source)
    expect(await life(path)).toEqual(['two', 'three'])
  })

  it('goes on in each of several files, and knows a file at another place in the list', async () => {
    const [a, b] = [file('a', 'a1\na2\n'), file('b', 'b1\nb2\n')]
    await life([a, b], (text) => text.endsWith('1'))
    expect(await life([b, a], () => false)).toEqual(['b2', 'a2'])
    expect(await life([b])).toEqual(['b2'])
    expect(await life([a, b])).toEqual(['a2'])
  })

  it('never goes back, and never beyond the lowest line that is not acked, in any order of acks', async () => {
    const seed = Date.now() & 0x7fffffff
    console.info(`checkpoint: seed ${seed}`)
    const orders = fc.array(fc.array(fc.nat({ max: 39 }), { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(orders, async (lives) => {
        rmSync(checkpoint, { recursive: true, force: true })
        const all = Array.from({ length: 40 }, (_, i) => `line ${i}`)
        const path = file('random', all.join('\n'))
        let low = 0
        for (const acks of lives) {
          const { source, given } = await read(path)
          expect(given.map(({ text }) => text)).toEqual(all.slice(low))
          const acked = new Set(acks.filter((i) => i >= low))
          for (const i of acked) await source.ack?.([given[i - low]])
          await close(source)
          while (acked.has(low)) low++
        }
      }),
      { seed, numRuns: 12 },
    )
  })
})

describe('a last line without a line end', () => {
  it('is not given again where nothing came, nor where its line end came', async () => {
    const path = file('a', 'one\ntwo')
    expect(await life(path)).toEqual(['one', 'two'])
    expect(await life(path)).toEqual([])
    appendFileSync(path, '\nthree')
    expect(await life(path)).toEqual(['three'])
    appendFileSync(path, '\r\nfour\n')
    expect(await life(path)).toEqual(['four'])
    expect(told).toEqual([])
  })

  it('is given again as a whole where it was continued', async () => {
    const path = file('a', 'one\ntw')
    await life(path)
    appendFileSync(path, 'o\nthree\n')
    expect(await life(path)).toEqual(['two', 'three'])
    expect(told).toEqual([
      expect.stringMatching(/^warn: .*a: the last line, which ended at byte 6 .*given again, as a whole/),
    ])
    expect(await life(path)).toEqual([])
  })
})

describe('a file', () => {
  const text = Array.from({ length: 300 }, (_, i) => `line ${i}\n`).join('')
  const bytes = text.length

  it('that was moved, or restored from a copy, goes on', async () => {
    const path = file('a', text)
    await life(path)
    renameSync(path, join(folder, 'b'))
    expect(await life(join(folder, 'b'))).toEqual([])
    copyFileSync(join(folder, 'b'), join(folder, 'c'))
    unlinkSync(join(folder, 'b'))
    renameSync(join(folder, 'c'), join(folder, 'b'))
    appendFileSync(join(folder, 'b'), 'more\n')
    expect(await life(join(folder, 'b'))).toEqual(['more'])
    expect(told).toEqual([expect.stringMatching(/^info: .*b was .*a before: reading goes on at byte/)])
  })

  it('that is a copy of one that is still there is a new one', async () => {
    const path = file('a', text)
    await life(path)
    copyFileSync(path, join(folder, 'copy'))
    expect(await life(join(folder, 'copy'))).toHaveLength(300)
    expect(told).toEqual([])
  })

  it.each([
    [
      'was truncated',
      (path: string) => truncateSync(path, 100),
      /a was truncated to 100 bytes since bytes 0 to \d+ were read/,
    ],
    [
      'was written anew',
      (path: string) => writeFileSync(path, text.replace('line 0', 'LINE 0')),
      /a has other content now/,
    ],
    [
      'has other bytes before the position',
      (path: string) => writeFileSync(path, `${text.replace('line 299', 'LINE 299')}more\n`),
      /a has other content now: it was truncated, and written anew since bytes 0 to \d+ were read and done: it is read from its start/,
    ],
  ])('that %s is read from its start, and that is said', async (_, change, warning) => {
    const path = file('a', text)
    await life(path)
    change(path)
    const given = await life(path, () => false)
    expect(given[0]).toMatch(/^line 0$/i)
    expect(told).toEqual([expect.stringMatching(warning)])
    expect(told[0]).toMatch(/^warn: .*not known/)
  })

  it('that was rotated is named, with what was not read of it', async () => {
    const path = file('a.log', text)
    await life(path)
    appendFileSync(path, 'unread\n')
    renameSync(path, `${path}.1`)
    file('a.log', 'new\n')
    expect(await life(path)).toEqual(['new'])
    const where = `the old one is now ${path}.1, and its last 7 bytes, from byte ${bytes} on, are not read`
    expect(told).toEqual([expect.stringContaining(where)])
  })

  it('that was rotated goes on where the list names it by its new name', async () => {
    const path = file('a.log', text)
    await life(path)
    appendFileSync(path, 'unread\n')
    renameSync(path, `${path}.1`)
    file('a.log', 'new\n')
    expect(await life([path, `${path}.1`])).toEqual(['new', 'unread'])
    expect(told.filter((each) => !each.startsWith('info'))).toEqual([])
  })

  it('that was replaced, with the old one gone, is read from its start', async () => {
    const path = file('a', text)
    await life(path)
    file('b', 'other\n')
    renameSync(join(folder, 'b'), path)
    expect(await life(path)).toEqual(['other'])
    expect(told).toEqual([
      expect.stringMatching(/a is another file than the one of which .* nor where it is/),
    ])
    expect(await life(path)).toEqual([])
  })
})

describe('a successor', () => {
  it('goes on where it is told, and that does not set back what is saved', async () => {
    const path = file('a', 'one\ntwo\nthree\n')
    await life(path, (text) => text !== 'three')
    const behind = await read(path, { partition: 0, offset: 4n })
    expect(behind.given.map(({ text }) => text)).toEqual(['two', 'three'])
    await close(behind.source)
    const ahead = await read(path, { partition: 0, offset: 8n })
    expect(ahead.given.map(({ text }) => text)).toEqual(['three'])
    await close(ahead.source)
    expect(await life(path)).toEqual(['three'])
  })

  it('may open it while the one before has not closed it, which may then not write any more', async () => {
    const path = file('a', 'one\ntwo\n')
    const first = await read(path)
    const second = await read(path)
    await second.source.ack?.([second.given[0]])
    await expect(first.source.ack?.(first.given)).rejects.toMatchObject({
      code: 'ERR_SOURCE',
      message: expect.stringContaining('it was opened a second time since'),
    })
    await expect(close(first.source)).rejects.toThrow('the position could not be saved')
    await close(second.source)
    expect(await life(path)).toEqual(['two'])
  })
})

describe.skipIf(process.platform !== 'linux')('an ack (NOT RUN without /proc)', () => {
  it('resolves when it is durable, and not before', async () => {
    const before = hosts()
    const { source, given } = await read(file('a', 'one\ntwo\n'))
    const [host] = hosts().filter((pid) => !before.includes(pid))
    process.kill(host, 'SIGSTOP')
    let isTold = false
    const ack = Promise.resolve(source.ack?.(given)).then(() => {
      isTold = true
    })
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(isTold).toBe(false)
    process.kill(host, 'SIGCONT')
    await ack
    await close(source)
    expect(await life(join(folder, 'a'))).toEqual([])
  })

  it('waits while it cannot be durable, and nothing more is read; then both go on', async () => {
    const before = hosts()
    const source = lines({ path: file('a', 'one\ntwo\n'), checkpoint })
    open.push(source)
    await source.open?.({ log, messageBytesMax: 1e6, signal: new AbortController().signal })
    expect(await source.read(1)).toHaveLength(1)
    const [host] = hosts().filter((pid) => !before.includes(pid))
    process.kill(host, 'SIGKILL')
    const store = join(checkpoint, 'store.mdb')
    rmSync(store)
    mkdirSync(store)
    const ack = source.ack?.([{ partition: 0, offset: 0n }])
    await until('the failure is said', () => told.some((each) => /^error: .*cannot be saved/.test(each)))
    expect(await source.read(1)).toEqual([])
    rmSync(store, { recursive: true })
    await ack
    expect(told.at(-1)).toMatch(/the position is saved again$/)
    expect((await rest(source)).map(({ text }) => text)).toEqual(['two'])
    await close(source)
    expect(await life(join(folder, 'a'))).toEqual(['two'])
  })

  /** The children of this process. */
  function hosts(): number[] {
    const tasks = readdirSync('/proc/self/task')
    return tasks.flatMap((task) =>
      readFileSync(`/proc/self/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    )
  }

  async function until(what: string, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + 20_000
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
})

describe('lines', () => {
  it('say where the checkpoint is, and refuse one that cannot be', () => {
    expect(lines({ path: 'a', checkpoint: 'x' })).toMatchObject({ checkpoint: join(process.cwd(), 'x') })
    expect(lines({ path: 'a' })).not.toHaveProperty('checkpoint')
    const refused = (options: object) => () => lines(options)
    expect(refused({ checkpoint: 'x' })).toThrow(/lines: checkpoint: got .*none where stdin is read/)
    expect(refused({ path: ['a', '-'], checkpoint: 'x' })).toThrow(/it cannot be read again/)
    expect(refused({ path: 'a', checkpoint: '' })).toThrow(
      /lines: checkpoint: .*wanted the path of a directory/,
    )
    expect(refused({ path: 'a', checkpoint: 3 })).toThrow(/lines: checkpoint: got 3/)
    expect(refused({ path: ['a', './a'], checkpoint: 'x' })).toThrow(/wanted each file once/)
  })

  it('open no checkpoint for a file that is missing, and leave nothing behind', async () => {
    await expect(read(join(folder, 'none'))).rejects.toMatchObject({ code: 'ERR_OPEN' })
    expect(readdirSync(folder)).toEqual([])
  })

  it('without a checkpoint load no store, and with one no LMDB', () => {
    const module = new URL('../../../../dist/sources/lines.js', import.meta.url).href
    const script = `
      const { lines } = await import(${JSON.stringify(module)})
      const source = lines(JSON.parse(process.argv[1]))
      const log = console
      await source.open({ log, messageBytesMax: 1000, signal: new AbortController().signal })
      await source.close()
      const { performance } = await import('node:perf_hooks')
      console.log(JSON.stringify(process.report.getReport().sharedObjects.filter((one) => one.includes('lmdb'))))`
    const run = (options: object) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(options)])
        .stdout.toString()
        .trim()
    const path = file('a', 'one\n')
    expect(run({ path })).toBe('[]')
    expect(run({ path, checkpoint })).toBe('[]')
  })
})
