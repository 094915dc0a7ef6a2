// `millrace schema`: what a topology may say, as JSON schema.

import { resolve } from 'node:path'
import { MillraceError, messageOf } from '../kernel/failure.js'
import type { Verb } from './verb.js'
import { writeWhole } from './write-whole.js'

export const schemaVerb: Verb = {
  name: 'schema',
  summary: 'Write the options of a topology as JSON schema.',
  operands: [],
  options: {
    output: {
      type: 'string',
      value: 'file',
      help: 'Write it to this file, whatever is there; default: stdout.',
    },
  },
  notes:
    'For tools that make or check parts of a topology as data. Handlers, sources and sinks are code, and only described.',
  async main(_operands, { output }, io) {
    const { topologyJsonSchema } = await import('../topology/json-schema.js')
    const text = `${JSON.stringify(topologyJsonSchema(), undefined, 2)}\n`
    if (output === undefined) io.stdout.write(text)
    else await write(String(output), resolve(io.cwd, String(output)), text)
    return 0
  },
}

async function write(name: string, path: string, text: string): Promise<void> {
  try {
    await writeWhole(path, text)
  } catch (cause) {
    throw new MillraceError('ERR_OPEN', `schema: --output ${name}: ${messageOf(cause)}`, { cause })
  }
}
