// A source of one's own.

import type { TemplateFiles, Writer } from './project-files.js'

export function customFiles(writer: Writer): TemplateFiles {
  const { ext } = writer
  return {
    files: {
      [`topology.${ext}`]: topology(writer),
      [`to-kelvin.${ext}`]: handler(writer),
      [`readings.${ext}`]: source(writer),
      [`readings.test.${ext}`]: test(writer),
    },
    tests: ['readings'],
    about: `Reads made-up measurements (\`readings.${ext}\`, a source of our own), converts them (\`to-kelvin.${ext}\`), and writes a file for each
to \`out/\` (\`outbox.${ext}\`, a sink of our own). Each keeps its contract: the tests say so.
`,
  }
}

function topology({ name, ext }: Writer): string {
  return `// Each reading becomes a file in out/. What fails is in rejects.jsonl, with the reason.

import { defineTopology, file } from 'millrace'
import { outbox } from './outbox.${ext}'
import { readings } from './readings.${ext}'
import { toKelvin } from './to-kelvin.${ext}'

export default defineTopology({
  name: '${name}',
  source: readings({ count: 100 }),
  map: toKelvin,
  order: 'key',
  sink: outbox('out'),
  fallback: file({ path: 'rejects.jsonl', format: 'json' }),
})
`
}

function handler({ typed }: Writer): string {
  return `// A reading in Celsius becomes one in Kelvin.
${typed("\nimport type { Message } from 'millrace'\n")}
export function toKelvin(message${typed(': Message')}) {
  const { sensor, celsius } = message.json${typed('<{ sensor: string; celsius: number }>')}()
  return JSON.stringify({ sensor, kelvin: Number((celsius + 273.15).toFixed(2)) })
}
`
}

function source({ typed }: Writer): string {
  return `// A source of our own: made-up readings of ten sensors. It gives again what was nacked, after the delay.
${typed("\nimport type { Source } from 'millrace'\n")}
export function readings({ count }${typed(': { count: number }')})${typed(': Source')} {
  let next = 0
  /** Nacked ones, with the time from which on they may be given again. */
  let again${typed(': { index: number; dueMs: number }[]')} = []

  function takeDue(max${typed(': number')}) {
    const nowMs = Date.now()
    const due = again.filter(({ dueMs }) => dueMs <= nowMs).slice(0, max)
    again = again.filter((each) => !due.includes(each))
    return due.map(({ index }) => recordOf(index))
  }

  // Every thread makes one of these, and one thread opens it: nothing may happen before \`open\`.
  return {
    name: 'readings',
    ordered: true,
    total: count,
    open({ resume }) {
      next = Number(resume?.offset ?? 0)
    },
    // An empty list says that there is none now, null that this is the end.
    read(max) {
      const records = takeDue(max)
      while (records.length < max && next < count) records.push(recordOf(next++))
      return records.length === 0 && again.length === 0 ? null : records
    },
    nack(nacks) {
      for (const { offset, delayMs } of nacks)
        again.push({ index: Number(offset), dueMs: Date.now() + delayMs })
    },
    pending: () => count - next + again.length,
  }
}

function recordOf(index${typed(': number')}) {
  const sensor = \`sensor-\${index % 10}\`
  return { offset: index, keys: [sensor], value: JSON.stringify({ sensor, celsius: 20 + (index % 17) / 10 }) }
}
`
}

function test({ ext }: Writer): string {
  return `// Does the source keep the contract of a source? The suite comes with Millrace.

import { describe, it } from 'node:test'
import { sourceContract } from 'millrace/testing'
import { readings } from './readings.${ext}'

sourceContract(() => readings({ count: 60 }), { describe, it, name: 'readings', resumable: true })
`
}
