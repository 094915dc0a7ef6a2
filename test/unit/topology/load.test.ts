// A table of bad modules, loaded by Node itself: vitest would load them in its own way, so a child runs the built code.

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const LOAD = new URL('../../../dist/topology/load.js', import.meta.url).href
const INDEX = new URL('../../../dist/index.js', import.meta.url).href
const DEFINE = new URL('../../../dist/topology/define.js', import.meta.url).href
const CAN_LOAD_TYPESCRIPT = (process.features as { typescript?: string | false }).typescript

const define = `import { defineTopology } from ${JSON.stringify(DEFINE)}\n`
const options = (name: string) =>
  `{ name: '${name}', source: { read: () => null }, sink: { write: () => [] } }`

const files: Record<string, string> = {
  'good.mjs': `${define}export default defineTopology(${options('good')})`,
  'interop.mjs': `${define}export default { __esModule: true, default: defineTopology(${options('interop')}) }`,
  'config.mjs': `${define}export default defineTopology({ ...${options('config')}, threads: 3 })`,
  'nothing.mjs': 'export const a = 1',
  'named.mjs': `${define}export const topology = defineTopology(${options('named')})`,
  'raw.mjs': `export default ${options('raw')}`,
  'function.mjs': 'export default () => 1',
  'promise.mjs': `export default import('./good.mjs')`,
  'syntax.mjs': 'const a = 1\nconst b = {\n  x: 1,,\n}\n',
  'syntax.cjs': 'module.exports = {\n  x: 1,,\n}\n',
  'deep/inner.mjs': `import '../syntax.mjs'`,
  'throws.mjs': '\nconst a = undefined\na.b()\n',
  'throws-deep.mjs': `import './throws.mjs'`,
  'throws-json.mjs': `\nJSON.parse('{')`,
  'throws-text.mjs': `throw 'plain text'`,
  'throws-null.mjs': 'throw null',
  'helper.mjs': 'export const a = 1',
  'import-file.mjs': `import './helpr.mjs'`,
  'import-stem.mjs': `import './helper'`,
  'import-package.mjs': `import 'not-installed/sub'`,
  'import-scoped.mjs': `import '@not/installed/sub'`,
  'import-name.mjs': `\nimport { b } from './helper.mjs'`,
  'import-json.mjs': `import './data.json'`,
  'require.cjs': `require('./helpr.mjs')`,
  'data.json': '{}',
  'data.yaml': 'a: 1',
  'types.ts': 'const a: number = 1\nexport default a',
  'enum.ts': 'enum A { B }\nexport default A.B',
  'dir/topology.mjs': '',
  'import-ours.mjs': `import { defineTopolgy } from ${JSON.stringify(INDEX)}`,
  'commonjs/package.json': '{"type":"commonjs"}',
  'commonjs/import.js': `\n${define}export default 1`,
  'commonjs/export.js': 'export default 1',
  'commonjs/ending': `${define}export default 1`,
  'import.cjs': define,
  'nested.mjs': '{ export default 1 }',
  'page.tsx': 'export default <p/>',
  'getters.mjs': `export default { get default() { throw new Error('do not look') } }`,
  'proxy.mjs': `export default new Proxy({}, { has() { throw new Error('not there') } })`,
  'proxy-of.mjs': `${define}export default new Proxy(defineTopology(${options('of')}), { get() { throw null } })`,
  'warns.mjs': `process.emitWarning('mind the step')\nexport default 1`,
  'endless.mjs': 'await new Promise(() => {})',
}

let directory: string
let results: Record<string, string>
let stderr: string

// One child for all of them: it prints what came of each.
beforeAll(async () => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-load-')))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  symlinkSync('nowhere.mjs', join(directory, 'dangling.mjs'))
  const names = [...Object.keys(files), ...table.map(([name]) => name)].filter(
    (name) => name !== 'endless.mjs',
  )
  writeFileSync(
    join(directory, 'all.mjs'),
    `import { loadTopology } from ${JSON.stringify(LOAD)}
    const results = {}
    for (const name of ${JSON.stringify([...new Set(names), 'endless.mjs'])}) {
      const loading = loadTopology(new URL(name, import.meta.url))
      results[name] = await loading.then((topology) => \`ok \${topology.name}\`, (error) => \`\${error.code} \${error.message}\`)
    }
    console.log(JSON.stringify(results))`,
  )
  const child = await promisify(execFile)(process.execPath, ['all.mjs'], { cwd: directory })
  results = JSON.parse(child.stdout)
  stderr = child.stderr
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const commonJs = 'it is taken for CommonJS: name it .mjs, or write "type": "module" into package.json'
const write = 'write `export default defineTopology({ … })`'
const table: [name: string, result: string | RegExp][] = [
  ['good.mjs', 'ok good'],
  ['interop.mjs', 'ok interop'],
  ['config.mjs', /^ERR_CONFIG config\.mjs:2: topology "config": threads: got 3, wanted 0 /],
  ['nothing.mjs', `ERR_MODULE module nothing.mjs: no default export, wanted a topology: ${write}`],
  [
    'named.mjs',
    'ERR_MODULE module named.mjs: no default export, wanted a topology: it exports one as "topology", so write `export default topology`',
  ],
  [
    'raw.mjs',
    'ERR_MODULE module raw.mjs: the default export is an object with name, source and sink, wanted a topology: wrap it in defineTopology',
  ],
  [
    'function.mjs',
    'ERR_MODULE module function.mjs: the default export is a function, wanted a topology: export what the function returns',
  ],
  [
    'promise.mjs',
    'ERR_MODULE module promise.mjs: the default export is a promise (await it), wanted a topology: write `export default await …`',
  ],
  ['syntax.mjs', "ERR_MODULE module syntax.mjs:3: syntax error: Unexpected token ','"],
  ['syntax.cjs', "ERR_MODULE module syntax.cjs:2: syntax error: Unexpected token ','"],
  ['deep/inner.mjs', "ERR_MODULE module deep/inner.mjs: syntax.mjs:3: syntax error: Unexpected token ','"],
  [
    'throws.mjs',
    "ERR_MODULE module throws.mjs:3: it threw while it was loaded: TypeError: Cannot read properties of undefined (reading 'b')",
  ],
  [
    'throws-deep.mjs',
    /^ERR_MODULE module throws-deep\.mjs: throws\.mjs:3: it threw while it was loaded: TypeError: /,
  ],
  [
    'throws-json.mjs',
    /^ERR_MODULE module throws-json\.mjs:2: it threw while it was loaded: SyntaxError: Expected property/,
  ],
  ['throws-text.mjs', 'ERR_MODULE module throws-text.mjs: it threw "plain text" while it was loaded'],
  ['throws-null.mjs', 'ERR_MODULE module throws-null.mjs: it threw null while it was loaded'],
  [
    'import-file.mjs',
    'ERR_MODULE module import-file.mjs: cannot find helpr.mjs, which import-file.mjs imports; did you mean helper.mjs?',
  ],
  [
    'import-stem.mjs',
    'ERR_MODULE module import-stem.mjs: cannot find helper, which import-stem.mjs imports; did you mean helper.mjs?',
  ],
  [
    'import-package.mjs',
    'ERR_MODULE module import-package.mjs: cannot find the package "not-installed", which import-package.mjs imports; install it: npm install not-installed',
  ],
  [
    'import-scoped.mjs',
    /cannot find the package "@not\/installed", which .+; install it: npm install @not\/installed$/,
  ],
  [
    'import-name.mjs',
    "ERR_MODULE module import-name.mjs:2: The requested module './helper.mjs' does not provide an export named 'b'",
  ],
  [
    'import-ours.mjs',
    /^ERR_MODULE module import-ours\.mjs:1: The requested module .+ named 'defineTopolgy'; did you mean defineTopology\?$/,
  ],
  ['commonjs/import.js', `ERR_MODULE module commonjs/import.js:2: ${commonJs}`],
  ['commonjs/export.js', `ERR_MODULE module commonjs/export.js:1: ${commonJs}`],
  [
    'commonjs/ending',
    'ERR_MODULE module commonjs/ending: it has no ending, wanted a file that ends in .mjs, .js or .cjs',
  ],
  ['import.cjs', 'ERR_MODULE module import.cjs:1: it is taken for CommonJS: name it .mjs'],
  ['nested.mjs', "ERR_MODULE module nested.mjs:1: syntax error: Unexpected token 'export'"],
  [
    'page.tsx',
    'ERR_MODULE module page.tsx: no Node loads page.tsx by itself; name it .ts, or install tsx and run it with node --import tsx, or compile it to JavaScript',
  ],
  [
    'getters.mjs',
    'ERR_MODULE module getters.mjs: the default export throws when it is looked at: do not look',
  ],
  ['proxy.mjs', 'ERR_MODULE module proxy.mjs: the default export throws when it is looked at: not there'],
  ['proxy-of.mjs', 'ERR_MODULE module proxy-of.mjs: the default export throws when it is looked at: null'],
  ['dangling.mjs', 'ERR_MODULE module dangling.mjs: a link to nowhere.mjs, which is not there'],
  [
    'import-json.mjs',
    "ERR_MODULE module import-json.mjs: data.json is imported without its type; write: import … with { type: 'json' }",
  ],
  [
    'require.cjs',
    'ERR_MODULE module require.cjs: cannot find helpr.mjs, which require.cjs imports; did you mean helper.mjs?',
  ],
  [
    'data.json',
    'ERR_MODULE module data.json: JSON, wanted a module with `export default defineTopology({ … })`',
  ],
  [
    'data.yaml',
    'ERR_MODULE module data.yaml: data.yaml is no JavaScript module, wanted a file that ends in .mjs, .js or .cjs',
  ],
  ['godo.mjs', 'ERR_MODULE module godo.mjs: no such file; did you mean good.mjs?'],
  ['good', 'ERR_MODULE module good: no such file; did you mean good.mjs?'],
  ['qqqqqqqq.mjs', 'ERR_MODULE module qqqqqqqq.mjs: no such file'],
  ['nowhere/good.mjs', 'ERR_MODULE module nowhere/good.mjs: no such file (and no directory nowhere)'],
  ['dir', 'ERR_MODULE module dir: a directory, wanted a module file; did you mean dir/topology.mjs?'],
  ['file://host/good.mjs', /^ERR_MODULE module file:\/\/host\/good\.mjs: File URL host must be /],
  ['good.mjs/x', /^ERR_MODULE module good\.mjs\/x: ENOTDIR/],
  [
    'data:text/javascript,export default 1',
    /^ERR_MODULE module data:…: the default export is 1, wanted a topology/,
  ],
  ['endless.mjs', 'ERR_MODULE module endless.mjs: a top-level await never settles'],
]

test.each(table)('%s', (name, result) => {
  if (typeof result === 'string') expect(results[name]).toBe(result)
  else expect(results[name]).toMatch(result)
})

test('no warning of CommonJS, but every other', () => {
  expect(stderr).not.toMatch(/"type": "module"/)
  expect(stderr).toMatch(/Warning: mind the step/)
})

test.runIf(CAN_LOAD_TYPESCRIPT === 'strip')('TypeScript, where Node strips its types', () => {
  expect(results['types.ts']).toBe(
    `ERR_MODULE module types.ts: the default export is 1, wanted a topology: ${write}`,
  )
  expect(results['enum.ts']).toMatch(
    /^ERR_MODULE module enum\.ts:1: .*; write it without, or run it with node --import tsx$/,
  )
})

test.runIf(!CAN_LOAD_TYPESCRIPT)('TypeScript, where Node cannot load it', () => {
  for (const name of ['types.ts', 'enum.ts']) {
    expect(results[name]).toMatch(
      /^ERR_MODULE module \w+\.ts: Node [\d.]+ cannot load \w+\.ts by itself; use Node 22\.18 or later, .+ node --import tsx /,
    )
  }
})
