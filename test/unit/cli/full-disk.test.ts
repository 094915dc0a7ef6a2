// What becomes of errors of stdout.

import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'
import { onFullDisk } from '../../../src/cli/full-disk.js'
import { MAIN } from '../../support/child.js'

test('a disk that is full is told once; a reader that went away is not', () => {
  const stdout = new EventEmitter()
  const lines: string[] = []
  onFullDisk(stdout, (line) => lines.push(line))
  const fail = (code: string) => stdout.emit('error', Object.assign(new Error(`${code}: no`), { code }))
  fail('EPIPE')
  expect(lines).toEqual([])
  fail('EDQUOT')
  fail('ENOSPC')
  expect(lines).toEqual(['millrace: stdout: EDQUOT: no\n'])
})

test.skipIf(!existsSync('/dev/full'))('then the exit code is no success', async () => {
  const child = spawn(process.execPath, [MAIN, '--version'], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'millrace: stdout: ENOSPC: no space left on device, write\n',
  })
})
