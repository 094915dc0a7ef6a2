// Host headers are counted, however they are written, and nothing else is taken for one.

import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { hasOneHost } from '../../../src/http/one-host.js'

test.each<[string, string[], boolean]>([
  ['1.1', ['Host', 'a'], true],
  ['1.1', ['Host', 'a', 'X', 'Host', 'Y', 'host'], true],
  ['1.1', ['Host', 'a', 'Hosts', 'b', 'From', 'c'], true],
  ['1.0', ['HOST', 'a'], true],
  ['1.0', [], true],
  ['1.1', [], false],
  ['1.1', ['X', 'host'], false],
  ['1.1', ['Host', 'a', 'X', 'y', 'hOST', 'a'], false],
  ['1.0', ['host', 'a', 'host', 'b'], false],
  ['2.0', ['host', 'a'], true],
  ['2.0', [], false],
  ['1.1', ['host', 'a', 'host', 'b', 'host', 'c'], false],
])('HTTP/%s, %j: %s', (httpVersion, rawHeaders, isSo) => {
  expect(hasOneHost({ httpVersion, rawHeaders } as IncomingMessage)).toBe(isSo)
})
