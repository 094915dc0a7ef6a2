// What defineTopology takes, as JSON schema. A function is any value there, with a description: JSON has none.

import { createRequire } from 'node:module'
import { topologySchema } from './schema.js'

/** Gives the schema, draft 2020-12. */
export function topologyJsonSchema(): Record<string, unknown> {
  const { z } = createRequire(import.meta.url)('zod') as typeof import('zod')
  const { $schema, ...rest } = z.toJSONSchema(topologySchema(), {
    target: 'draft-2020-12',
    unrepresentable: 'any',
    io: 'input',
  })
  const description =
    'What defineTopology takes. Sources, sinks and handlers are code: here they are only described.'
  return { $schema, title: 'Millrace topology', description, ...rest }
}
