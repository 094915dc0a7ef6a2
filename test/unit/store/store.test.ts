// The store as it is built: its host is a process of its own, and must be there to be started.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { open as openFile } from 'lmdb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../../dist/store/store.js'
import { createLog } from '../../../src/kernel/log.js'
import { seal } from '../../../src/store/sealed.js'
import { ROOT, runNode } from '../../support/child.js'

const BUILT = pathToFileURL(`${ROOT}dist/store/store.js`).href

let directory: string
const told: string[] = []
const open: Store[] = []
const log = createLog(({ message }) => told.push(message), 'test', 'test')

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-store-'))
  told.length = 0
})
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
  rmSync(directory, { recursive: true })
})

async function opened(at = directory): Promise<Store> {
  const store = await openStore({ directory: at, name: 'test', ifLost: 'all is lost', log })
  open.push(store)
  return store
}

async function closed(store: Store): Promise<void> {
  open.splice(open.indexOf(store), 1)
  await store.close()
}

function entry(key: string, value: string): readonly [string, Uint8Array] {
  return [key, Buffer.from(value)]
}

function contents(store: Store): Record<string, string> {
  return Object.fromEntries([...store.entries].map(([key, value]) => [key, Buffer.from(value).toString()]))
}

/** The processes that this one has started and that still run: those of a dead thread stay in the list as zombies. */
function childPids(): number[] {
  const tasks = readdirSync('/proc/self/task')
  const pids = tasks.flatMap((task) => {
    const text = readFileSync(`/proc/self/task/${task}/children`, 'latin1').trim()
    return text === '' ? [] : text.split(' ').map(Number)
  })
  return pids.filter((pid) => !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')))
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('a store', () => {
  it('keeps what was put, and leaves neither a process nor an owner behind', async () => {
    const before = childPids()
    const store = await opened()
    await store.put([entry('a', '1'), entry('b', '2')])
    await store.put([entry('a', '3')])
    expect(contents(store)).toEqual({ a: '3', b: '2' })
    await closed(store)
    expect(readdirSync(directory).toSorted()).toEqual(['store.mdb', 'store.mdb-lock'])
    expect(childPids()).toEqual(before)
    expect(contents(await opened())).toEqual({ a: '3', b: '2' })
    expect(told).toEqual([])
  })

  it('makes its directory, and says what is wrong with one that cannot be', async () => {
    await closed(await opened(join(directory, 'a', 'b')))
    const file = join(directory, 'file')
    writeFileSync(file, '')
    await expect(opened(file)).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: /file: it is a file, or lies in one/,
    })
    await expect(opened('/sys/none')).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: /cannot be written/,
    })
    await expect(opened(join(file, 'x'))).rejects.toThrow(
      'it is a file, or lies in one: give the path of a directory',
    )
  })

  // In a process of its own, which can be ended: Node's own way never comes back from there.
  it.skipIf(!existsSync('/proc/self'))('says so where there can be no directory at all', async () => {
    const script = `
      const { openStore } = await import(${JSON.stringify(BUILT)})
      await openStore({ directory: '/proc/millrace/store', name: 'test', ifLost: '' }).catch(({ message }) =>
        console.log(message))`
    const { stdout, stderr } = await runNode(['--input-type=module', '-e', script], { timeoutMs: 10_000 })
    expect(stdout, stderr).toMatch(/^test: \/proc\/millrace\/store: ENOENT: /)
  })

  it('goes on after its host was killed; what was durable is there', async () => {
    const before = childPids()
    const store = await opened()
    await store.put([entry('a', '1')])
    const [host] = childPids().filter((pid) => !before.includes(pid))
    process.kill(host, 'SIGKILL')
    await expect(store.put([entry('a', '2')])).rejects.toThrow(/its process ended by SIGKILL/)
    expect(contents(store)).toEqual({ a: '1' })
    await store.put([entry('b', '3')])
    await closed(store)
    expect(contents(await opened())).toEqual({ a: '1', b: '3' })
  })

  it('that was opened once more in the process lets the last one write, and no other', async () => {
    const [first, second] = [await opened(), await opened()]
    await second.put([entry('a', '2')])
    await expect(first.put([entry('a', '1')])).rejects.toMatchObject({ kind: 'fenced' })
    await closed(first)
    // The directory is still taken.
    expect(readdirSync(directory).some((name) => name.startsWith('owner-'))).toBe(true)
    await second.put([entry('b', '2')])
    await closed(second)
    expect(contents(await opened())).toEqual({ a: '2', b: '2' })
  })

  it('deletes what is put as null, all or none with the rest, and has none of it when it is opened again', async () => {
    const store = await opened()
    await store.put([entry('a', '1'), entry('b', '2'), entry('c', '3')])
    await store.put([['a', null], ['c', null], ['never there', null], entry('d', '4')])
    expect(contents(store)).toEqual({ b: '2', d: '4' })
    await closed(store)
    const again = await opened()
    expect(contents(again)).toEqual({ b: '2', d: '4' })
    await again.put([
      ['b', null],
      ['d', null],
    ])
    await closed(again)
    expect(contents(await opened())).toEqual({})
    expect(told).toEqual([])
  })

  it('whose host was killed has nothing that was deleted, even where nothing is left', async () => {
    const before = childPids()
    const store = await opened()
    await store.put([entry('a', '1')])
    await store.put([['a', null]])
    const [host] = childPids().filter((pid) => !before.includes(pid))
    process.kill(host, 'SIGKILL')
    await expect(store.put([entry('b', '2')])).rejects.toThrow(/its process ended by SIGKILL/)
    await store.put([entry('c', '3')])
    await closed(store)
    expect(contents(await opened())).toEqual({ c: '3' })
  })

  it('whose host ended after a commit and before it could say so has nothing of it', async () => {
    const before = childPids()
    const store = await opened()
    await store.put([entry('a', '1')])
    // What the host would have done.
    const file = openFile<Buffer, string>({ path: join(directory, 'store.mdb'), encoding: 'binary' })
    await file.transaction(() => {
      file.put('entry:b', seal('b', Buffer.from('2')))
      file.put('head', seal('head', Buffer.from(JSON.stringify({ epoch: 1, count: 2 }))))
    })
    await file.close()
    const [host] = childPids().filter((pid) => !before.includes(pid))
    process.kill(host, 'SIGKILL')
    await expect(store.put([entry('b', '2')])).rejects.toThrow(/its process ended by SIGKILL/)
    await store.put([entry('c', '3')])
    await closed(store)
    expect(contents(await opened())).toEqual({ a: '1', c: '3' })
    expect(told).toEqual([])
  })

  it('that is opened while an older one still puts has all that the older one was told to be durable', async () => {
    const old = await opened()
    await old.put(Array.from({ length: 5_000 }, (_, i) => entry(`filler ${i}`, 'x'.repeat(200))))
    let durable = 0
    const putting = (async () => {
      for (;;) {
        await old.put([entry(`number ${durable}`, '1')])
        durable++
      }
    })()
    const fenced = expect(putting).rejects.toMatchObject({ kind: 'fenced' })
    const store = await opened()
    await fenced
    expect(store.entries.size).toBe(5_000 + durable)
    await closed(store)
    expect((await opened()).entries.size).toBe(5_000 + durable)
    expect(told).toEqual([])
  })

  it('survives the threads that have it open, whenever they are terminated; no put that was answered is lost', async () => {
    const before = childPids()
    const code = `
      const { parentPort, workerData } = require('node:worker_threads')
      import(workerData.store).then(async ({ openStore }) => {
        const store = await openStore({ directory: workerData.directory, name: 'test', ifLost: '', log: console })
        let n = Number(Buffer.from(store.entries.get('n') ?? '0').toString())
        parentPort.postMessage({ found: n })
        for (;;) {
          await store.put([['n', Buffer.from(String(++n))]])
          parentPort.postMessage({ durable: n })
        }
      })`
    const store = new URL('../../../dist/store/store.js', import.meta.url).href
    let durable = 0
    for (let life = 0; life < 12; life++) {
      const worker = new Worker(code, { eval: true, workerData: { store, directory } })
      await new Promise<void>((resolve, reject) => {
        const wanted = durable + 1 + (life % 4)
        worker.on('error', reject)
        worker.on('message', ({ found, durable: now }) => {
          if (found < durable) reject(new Error(`found ${found} after ${durable}`))
          durable = now ?? durable
          if (durable >= wanted) resolve()
        })
      })
      await worker.terminate()
    }
    const last = await opened()
    expect(Number(contents(last).n)).toBeGreaterThanOrEqual(durable)
    await closed(last)
    await until('the hosts of dead threads have ended', () => childPids().length <= before.length)
    expect(readdirSync(directory).toSorted()).toEqual(['store.mdb', 'store.mdb-lock'])
  })

  it.each([
    ['cut off', (path: string) => truncateSync(path, 10_000)],
    ['empty', (path: string) => truncateSync(path, 0)],
    ['of something else', (path: string) => writeFileSync(path, Buffer.alloc(40_000, 'x'))],
  ])('whose file is %s begins anew, and keeps the file aside', async (_, spoil) => {
    const store = await opened()
    await store.put([entry('a', '1')])
    await closed(store)
    spoil(join(directory, 'store.mdb'))
    const spoiled = readFileSync(join(directory, 'store.mdb'))
    const again = await opened()
    expect(contents(again)).toEqual({})
    await again.put([entry('a', '2')])
    // An empty file is a new one: nothing in it can be kept.
    if (spoiled.length > 0) {
      expect(readFileSync(join(directory, 'store.mdb.corrupt-1'))).toEqual(spoiled)
      expect(told).toEqual([
        expect.stringMatching(/the store is broken .*moved to .*store.mdb.corrupt-1: all is lost/),
      ])
    }
  })

  it('whose file is cut off while it is open goes on with what is in memory', async () => {
    const store = await opened()
    for (let i = 0; i < 50; i++) await store.put([entry(`key ${i}`, 'x'.repeat(500))])
    truncateSync(join(directory, 'store.mdb'), 4_096)
    for (let tries = 0; tries < 6; tries++) await store.put([entry('last', '1')]).catch(() => undefined)
    await store.put([entry('last', '2')])
    await closed(store)
    expect(Object.keys(contents(await opened()))).toHaveLength(51)
  })

  it('that cannot be opened leaves no owner', async () => {
    mkdirSync(join(directory, 'store.mdb'))
    await expect(opened()).rejects.toMatchObject({ code: 'ERR_OPEN' })
    expect(readdirSync(directory).filter((name) => name.startsWith('owner-'))).toEqual([])
  })
})
