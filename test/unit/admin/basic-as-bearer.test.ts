import { expect, it } from 'vitest'
import { basicAsBearer } from '../../../src/admin/basic-as-bearer.js'

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`

it.each([
  [undefined, undefined],
  ['Bearer abc', 'Bearer abc'],
  [basic('anybody:s3cret'), 'Bearer s3cret'],
  [basic(':s3:cret'), 'Bearer s3:cret'],
  [basic('s3cret').toUpperCase().replace('BASIC', 'basic'), expect.stringMatching(/^Bearer /)],
  ['Basic not base64!', 'Basic not base64!'],
  ['Digest x', 'Digest x'],
])('%s is %s', (header, wanted) => {
  expect(basicAsBearer(header)).toEqual(wanted)
})
