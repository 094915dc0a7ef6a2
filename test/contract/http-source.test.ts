// `http` through the source contract's suite: a client sends its requests, one behind another on one connection, when the first
// read says that the source is ready.

import { connect } from 'node:net'
import { describe, it } from 'vitest'
import { createLog } from '../../src/kernel/log.js'
import { http } from '../../src/sources/http.js'
import type { Source, SourceContext } from '../../src/sources/source.js'
import { type MadeSource, sourceContract } from '../../src/testing/index.js'

const BODIES = Array.from({ length: 120 }, (_, i) => `body ${i} ${'x'.repeat(7 * i)}`)
const REQUESTS = BODIES.map(
  (body) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
).join('')

describe('http', () => {
  sourceContract(made, { describe, it, endless: true, runs: 10 })
})

function made(): MadeSource {
  const source = http({ port: 0 })
  let port = 0
  let send = () => {
    send = () => {}
    client = connect(port, '127.0.0.1', () => client?.write(REQUESTS))
    client.on('error', () => {}).resume()
  }
  let client: ReturnType<typeof connect> | undefined
  const served: Source = {
    ...source,
    async open(context: SourceContext) {
      const log = createLog(
        ({ message }) => {
          port = Number(/:(\d+)\//.exec(message)?.[1] ?? port)
        },
        'http',
        'test',
      )
      await source.open?.({ ...context, log })
    },
    read(max) {
      const records = source.read(max)
      send()
      return records
    },
  }
  return { source: served, expected: BODIES, cleanup: () => void client?.destroy() }
}
