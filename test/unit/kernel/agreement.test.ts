import { expect, it } from 'vitest'
import { agree, createAgreementMemory } from '../../../src/kernel/agreement.js'

it('what was said first counts for all', () => {
  const memory = createAgreementMemory()
  expect([8_080, 9_090, 8_080, -1].map((number) => agree(memory, number))).toEqual([
    8_080, 8_080, 8_080, 8_080,
  ])
  expect(agree(createAgreementMemory(), 9_090)).toBe(9_090)
})
