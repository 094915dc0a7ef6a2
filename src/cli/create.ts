// `millrace create <directory>`: writes a project that runs. It never overwrites anything.

import { basename, resolve } from 'node:path'
import { TEMPLATES } from './create/template-names.js'
import { wordOf } from './option-value.js'
import type { Verb } from './verb.js'

export const createVerb: Verb = {
  name: 'create',
  summary: 'Write a project that runs: a topology, a handler, a sink with its test.',
  operands: ['directory'],
  options: {
    template: {
      type: 'string',
      value: 'name',
      help: `${TEMPLATES.map(({ name, what }) => `${name} (${what})`).join(', ')}; default lines.`,
    },
    typescript: { type: 'boolean', help: 'Write TypeScript, with a build.' },
  },
  notes:
    'The directory is made where it is missing. One that has anything in it but .git is left as it is: exit code 2.',
  async main(operands, options, io) {
    const names = TEMPLATES.map(({ name }) => name)
    const template = wordOf('--template', options.template, names) ?? 'lines'
    const directory = resolve(io.cwd, operands[0])
    const { projectFiles } = await import('./create/project-files.js')
    const { writeProject } = await import('./create/write-project.js')
    const isTypeScript = options.typescript === true
    const files = projectFiles(template, { name: nameOf(directory), isTypeScript })
    await writeProject(directory, operands[0], files)
    io.stdout.write(`${Object.keys(files).join('\n')}\n`)
    io.stderr.write(
      `millrace: written to ${operands[0]}; next: cd ${quoted(operands[0])} && npm install && npm start\n`,
    )
    return 0
  },
}

/** As a shell takes it. */
function quoted(path: string): string {
  if (/^[\w@%+=:,./\\-]+$/.test(path)) return path
  return process.platform === 'win32' ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`
}

/** Makes a name that npm and a topology take. */
function nameOf(directory: string): string {
  const name = basename(directory)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '')
    .slice(0, 100)
  return name === '' ? 'topology' : name
}
