// What a module throws at nobody while it is loaded ends the process with one line and exit code 2.

import { expect, test } from 'vitest'
import { moduleUrl, whileLoading } from '../../../src/cli/load-module.js'
import { beginLoading } from '../../../src/topology/loading.js'
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

test('a URL is no path', () => {
  for (const given of ['file:///srv/a.mjs', 'http://host/a.mjs'])
    expect(() => moduleUrl(given, fakeIo())).toThrow(`module ${given}: a URL, wanted a path`)
  expect(moduleUrl('a.mjs', fakeIo()).pathname).toMatch(/\/srv\/a\.mjs$/)
})

test('a module that takes long to load is spoken of; what takes long afterwards is not', async () => {
  const io = fakeIo()
  const said =
    'millrace: warning: /srv/topology.mjs is still loading after 5 s (a top-level await that does not settle?)\n'
  const endLoading = beginLoading(url)
  void whileLoading(io, url, () => new Promise<string>(() => {}))
  io.elapse()
  expect(io.err()).toBe(said)
  endLoading()
  void whileLoading(io, url, () => new Promise<string>(() => {}))
  io.elapse()
  expect(io.err()).toBe(said)
})

test('a module that ends the process is told; what ends it afterwards is not', () => {
  const io = fakeIo()
  const endLoading = beginLoading(url)
  void whileLoading(io, url, () => new Promise<string>(() => {}))
  io.end(3)
  expect(io.exits).toEqual([2])
  expect(io.err()).toMatch(
    /^ERR_MODULE module \/srv\/topology\.mjs: it called process\.exit \(code 3\) while it was loaded — /,
  )
  endLoading()
  io.end(3)
  expect(io.exits).toEqual([2])
})
