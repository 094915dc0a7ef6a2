// The sink that each project has of its own, and its test.

import type { Writer } from './project-files.js'

export function outboxFiles({ ext, typed }: Writer): Record<string, string> {
  return {
    [`outbox.${ext}`]: `// A sink of our own: each message becomes a file, named after its id. A message that comes again after a fault is the same file.

import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ${typed('type Message, ')}Response${typed(', type Sink')} } from 'millrace'

export function outbox(directory${typed(': string')})${typed(': Sink')} {
  async function put(message${typed(': Message')}) {
    const path = join(directory, fileName(message.id))
    // Renamed when it is whole: nobody sees half of it.
    await writeFile(\`\${path}.part\`, message.value)
    await rename(\`\${path}.part\`, path)
  }

  return {
    name: 'outbox',
    batchMax: 16,
    async open() {
      await mkdir(directory, { recursive: true })
    },
    write: (batch) =>
      Promise.all(
        batch.map(async (message) => {
          try {
            await put(message)
            return Response.ok(message)
          } catch (error) {
            // It is tried again after a while.
            return Response.failure(message, error)
          }
        }),
      ),
  }
}

// An id may be anything, a file name may not.
function fileName(id${typed(': string')}) {
  if (/^[\\w-]{1,64}$/.test(id)) return \`\${id}.json\`
  return \`\${createHash('sha256').update(id).digest('hex')}.json\`
}
`,
    [`outbox.test.${ext}`]: `// Does the outbox keep the contract of a sink? The suite comes with Millrace.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { sinkContract } from 'millrace/testing'
import { outbox } from './outbox.${ext}'

sinkContract(
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'outbox-'))
    return {
      sink: outbox(directory),
      accepted: async () => {
        const names = await readdir(directory)
        return Promise.all(names.map((name) => readFile(join(directory, name))))
      },
      cleanup: () => rm(directory, { recursive: true }),
    }
  },
  { describe, it, name: 'outbox' },
)
`,
  }
}
