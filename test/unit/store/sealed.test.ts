import { expect, test } from 'vitest'
import { seal, unseal } from '../../../src/store/sealed.js'

test('a sealed value is given back, and not where a bit of it, its checksum or its key is another', () => {
  const value = Buffer.from('a value')
  const sealed = seal('key', value)
  expect(unseal('key', sealed)).toEqual(value)
  expect(unseal('kez', sealed)).toBeUndefined()
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const flipped = Buffer.from(sealed)
    flipped[bit >> 3] ^= 1 << (bit & 7)
    expect(unseal('key', flipped), `bit ${bit}`).toBeUndefined()
  }
  for (let bytes = 0; bytes < sealed.length; bytes++) {
    expect(unseal('key', sealed.subarray(0, bytes)), `${bytes} bytes`).toBeUndefined()
  }
})
