// The file of a store, in this process: what no host can be brought to do at will.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { expect, it } from 'vitest'
import { Environment } from '../../../src/store/environment.js'
import { seal } from '../../../src/store/sealed.js'

it('a file in which a commit that failed was one is whole after the next one', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-environment-'))
  const path = join(directory, 'store.mdb')
  try {
    const environment = new Environment(path)
    environment.open()
    environment.put([['a', Buffer.from('1')]])
    const file = open<Buffer, string>({ path, encoding: 'binary', overlappingSync: false })
    file.transactionSync(() => {
      file.put('entry:b', seal('b', Buffer.from('2')))
      file.put('head', seal('head', Buffer.from(JSON.stringify({ epoch: 1, count: 2 }))))
    })
    expect(
      environment.put([
        ['b', Buffer.from('3')],
        ['c', Buffer.from('4')],
        ['a', null],
      ]),
    ).toBe('durable')
    await file.close()
    await environment.close()
    const again = new Environment(path)
    expect(again.open()).toEqual([
      ['b', Buffer.from('3')],
      ['c', Buffer.from('4')],
    ])
    await again.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})
