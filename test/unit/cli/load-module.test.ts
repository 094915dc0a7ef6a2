// What a module throws at nobody while it is loaded ends the process with one line and exit code 2.

import { expect, test } from 'vitest'
import { whileLoading } from '../../../src/cli/load-module.js'
import { fakeIo, settled } from './fake-io.js'

const url = new URL('file:///srv/topology.mjs')

test('what is thrown or rejected while it is loaded is told, and ends the process', async () => {
  const io = fakeIo()
  const loading = whileLoading(io, url, () => new Promise<string>(() => {}))
  io.stray(null)
  while (io.exits.length === 0) await settled()
  expect(io.exits).toEqual([2])
  expect(io.err()).toMatch(/^ERR_MODULE module \/srv\/topology\.mjs: it threw null while it was loaded — /)
  void loading
})

test('what is rejected as it ends is told when the turn is over', async () => {
  const io = fakeIo()
  const loading = whileLoading(io, url, async () => 'loaded')
  await settled()
  io.stray(null)
  while (io.exits.length === 0) await settled()
  expect(io.exits).toEqual([2])
  void loading
})

test('a turn after it is loaded nobody listens any more', async () => {
  const io = fakeIo()
  const loading = whileLoading(io, url, async () => 'loaded')
  await settled()
  io.elapse()
  expect(await loading).toBe('loaded')
  io.stray(new Error('later'))
  await settled()
  expect({ exits: io.exits, err: io.err() }).toEqual({ exits: [], err: '' })
})

test('a failure is passed on, and nobody listens any more', async () => {
  const io = fakeIo()
  await expect(whileLoading(io, url, () => Promise.reject(new Error('not there')))).rejects.toThrow(
    'not there',
  )
  io.stray(null)
  await settled()
  expect(io.exits).toEqual([])
})
