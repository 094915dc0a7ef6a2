import { createTraceState } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { isSampled, spanContextOf, traceText } from '../../../src/tracing/trace-text.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const read = (text: string | undefined) => spanContextOf(text, createTraceState)

describe('trace text', () => {
  it('is read as it was written', () => {
    for (const text of [
      `00-${TRACE}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}-00`,
      `00-${TRACE}-${SPAN}-01\na=1,b=2`,
    ]) {
      const context = read(text)
      expect(context && traceText(context)).toBe(text)
    }
  })

  it('says whether it is sampled', () => {
    const flags = ['00', '01', '02', '03'].map((flag) => read(`00-${TRACE}-${SPAN}-${flag}`))
    expect(flags.map((context) => context && isSampled(context))).toEqual([false, true, false, true])
  })

  it('may be of a later version, with more behind', () => {
    expect(read(`01-${TRACE}-${SPAN}-01-more`)).toMatchObject({
      traceId: TRACE,
      spanId: SPAN,
      isRemote: true,
    })
  })

  it.each([
    undefined,
    '',
    'nonsense',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-01 `,
  ])('%j is none', (text) => {
    expect(read(text)).toBeUndefined()
  })
})
