// All files of a project, by their names. A template is written once: `typed` gives what only TypeScript wants.

import { version } from '../version.js'
import { customFiles } from './custom-template.js'
import { httpFiles } from './http-template.js'
import { linesFiles } from './lines-template.js'
import { outboxFiles } from './outbox.js'
import type { Template } from './template-names.js'

export type Project = { name: string; isTypeScript: boolean }

/** What a template is made with. */
export type Writer = {
  name: string
  /** Of source files: `mjs` or `ts`. */
  ext: string
  /** Gives the text in TypeScript, and nothing in JavaScript. */
  typed(text: string): string
}

/** What a template has of its own. */
export type TemplateFiles = {
  /** By their names. */
  files: Record<string, string>
  /** Names of the tests, without `.test` and the extension. */
  tests: string[]
  /** Of the README: what it does, and how to see it. */
  about: string
}

const TEMPLATE_FILES: Record<Template, (writer: Writer) => TemplateFiles> = {
  lines: linesFiles,
  http: httpFiles,
  custom: customFiles,
}

/** Gives the files. */
export function projectFiles(template: Template, { name, isTypeScript }: Project): Record<string, string> {
  const ext = isTypeScript ? 'ts' : 'mjs'
  const writer: Writer = { name, ext, typed: (text) => (isTypeScript ? text : '') }
  const { files, tests, about } = TEMPLATE_FILES[template](writer)
  return {
    'package.json': packageJson(name, ['outbox', ...tests], isTypeScript),
    ...(isTypeScript && { 'tsconfig.json': TSCONFIG }),
    ...files,
    ...outboxFiles(writer),
    'README.md': readme(name, about, isTypeScript),
    '.gitignore': ['node_modules/', 'out/', 'rejects.jsonl*', ...(isTypeScript ? ['dist/'] : []), ''].join(
      '\n',
    ),
  }
}

function packageJson(name: string, tests: readonly string[], isTypeScript: boolean): string {
  const [folder, ext] = isTypeScript ? ['dist/', 'js'] : ['', 'mjs']
  const build = isTypeScript ? 'tsc && ' : ''
  const topology = `${folder}topology.${ext}`
  const fields = {
    name,
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    scripts: {
      ...(isTypeScript && { build: 'tsc' }),
      start: `${build}millrace run ${topology}`,
      test: `${build}node --test ${tests.map((test) => `${folder}${test}.test.${ext}`).join(' ')}`,
      validate: `${build}millrace validate ${topology}`,
      replay: `${build}millrace replay ${topology} rejects.jsonl`,
    },
    dependencies: { millrace: `^${version()}` },
    ...(isTypeScript && { devDependencies: { '@types/node': '>=20', typescript: '>=5.8' } }),
  }
  return `${JSON.stringify(fields, undefined, 2)}\n`
}

const TSCONFIG = `{
  "compilerOptions": {
    "target": "ES2022",
    "module": "NodeNext",
    "types": ["node"],
    "strict": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "rewriteRelativeImportExtensions": true,
    "skipLibCheck": true,
    "outDir": "dist"
  },
  "include": ["*.ts"]
}
`

function readme(name: string, about: string, isTypeScript: boolean): string {
  const native = isTypeScript
    ? '\nNode 22.18 and later load TypeScript by themselves: `npx millrace run topology.ts` needs no build.\n'
    : ''
  return `# ${name}

${about}
| Command | Does |
|---|---|
| \`npm install\` | Comes first. |
| \`npm start\` | Runs it. |
| \`npm test\` | Checks what is ours against Millrace's contracts. |
| \`npm run validate\` | Looks whether it could run, and runs nothing. |
| \`npm run replay\` | Sends what is in \`rejects.jsonl\` through it once more. |
${native}`
}
