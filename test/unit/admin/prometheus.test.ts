// The reader of the other tests is strict: it takes what is right, and refuses what is not.

import { describe, expect, it } from 'vitest'
import { parsePrometheus, sampleValue } from '../../support/prometheus.js'

const GOOD = `# HELP a_total Counts \\\\ and \\n.
# TYPE a_total counter
a_total{x="1",y="a\\"b\\\\c\\nd"} 3
a_total{x="2"} 4.5e3
# HELP h Times.
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="2.5"} 3
h_bucket{le="+Inf"} 3
h_sum 4
h_count 3
`

describe('the strict reader', () => {
  it('reads what is right', () => {
    const families = parsePrometheus(GOOD)
    expect([...families.keys()]).toEqual(['a_total', 'h'])
    expect(families.get('a_total')?.samples[0].labels).toEqual({ x: '1', y: 'a"b\\c\nd' })
    expect(sampleValue(families, 'a_total', { x: '2' })).toBe(4500)
  })

  const wrong: [string, string, string][] = [
    ['no end', '3\n', '3'],
    ['a sample without help', '# HELP h Times.\n# TYPE h histogram\n', ''],
    ['a counter by another name', 'a_total', 'a'],
    ['a series twice', '{x="2"} 4.5e3', '{x="1",y="a\\"b\\\\c\\nd"} 4'],
    ['a label that does not end', 'x="2"', 'x="2'],
    ['a number that is none', '4.5e3', '4,5'],
    ['buckets that shrink', 'h_bucket{le="2.5"} 3', 'h_bucket{le="2.5"} 0'],
    ['bounds that shrink', 'le="2.5"', 'le="0.5"'],
    ['no last bucket', 'h_bucket{le="+Inf"} 3\n', ''],
    ['a count that is another', 'h_count 3', 'h_count 4'],
    ['no sum', 'h_sum 4\n', ''],
    ['an empty line', 'h_sum', '\nh_sum'],
    ['a foreign sample', 'h_sum', 'g_sum'],
    ['an unknown type', 'counter', 'count'],
  ]
  for (const [name, part, other] of wrong) {
    it(`refuses ${name}`, () => {
      const text = GOOD.split(part).join(other)
      expect(text).not.toBe(GOOD)
      expect(() => parsePrometheus(text)).toThrow()
    })
  }
})
