// examples/webhook, run as its reader runs it.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MAIN, ROOT } from '../support/child.js'
import { send, until } from '../unit/sources/requests/kit.js'
import { freePort } from './http-kit.js'

let folder: string
let child: ChildProcess | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-webhook-'))
})
afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

test('each event is a line, what is none is 422, and SIGTERM ends it with 0', async () => {
  const port = await freePort()
  const out = join(folder, 'events.jsonl')
  const running = spawn(process.execPath, [MAIN, 'run', 'examples/webhook/topology.mjs', '--json'], {
    cwd: ROOT,
    env: { ...process.env, PORT: String(port), OUT: out },
  })
  child = running
  let stderr = ''
  running.stderr.on('data', (some) => {
    stderr += some
  })
  await until(
    () => stderr.includes('http listens on'),
    () => stderr,
    30_000,
  )
  const post = (body: string, headers = {}) => send({ port, path: '/hooks', method: 'POST', headers }, body)
  let first = await post('{"type":"signup","user":7}', { 'X-Numaflow-Id': 'event-1' })
  while (first.status === 503)
    first = await post('{"type":"signup","user":7}', { 'X-Numaflow-Id': 'event-1' })
  expect(first).toMatchObject({ status: 200, body: '' })
  for (const body of ['{"type":7}', 'no JSON', '', '[]', 'null']) {
    expect(await post(body)).toMatchObject({ status: 422, body: 'wanted {"type": …}' })
  }
  expect((await send({ port, path: '/', method: 'POST' })).status).toBe(404)
  expect((await post('x'.repeat(65_537))).status).toBe(413)
  running.kill('SIGTERM')
  expect((await once(running, 'close'))[0]).toBe(0)
  expect(readFileSync(out, 'utf8')).toBe('{"id":"event-1","type":"signup","user":7}\n')
  expect(JSON.parse(stderr.trim().split('\n').at(-1) as string)).toMatchObject({
    ok: true,
    read: 6,
    acked: 6,
  })
})
