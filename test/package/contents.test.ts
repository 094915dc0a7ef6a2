// What would be published: what users need and nothing else, in a form that Node and every compiler resolves.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { join as joinPosix, normalize } from 'node:path/posix'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT, runNode } from '../support/child.js'
import { linksOf } from '../support/markdown.js'
import { productionPackages } from './install.js'
import { makeTarball, manifestOf, type Tarball } from './tarball.js'
import { untar } from './untar.js'

const ALLOWED = [
  /^dist\/[\w/-]+\.(js|cjs|d\.ts)$/,
  /^docs\/[\w/-]+\.md$/,
  /^examples\/[\w-]+\/[\w-]+\.mjs$/,
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md|SECURITY\.md)$/,
]
/** How far a figure in the documents may be off, as parts of it; they are those of Linux on x64. */
const TOLERANCE = 0.1

let folder: string
let unpacked: string
let tarball: Tarball
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
  tarball = await makeTarball(folder)
  unpacked = join(folder, 'unpacked')
  untar(tarball.file, unpacked)
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const paths = () => tarball.files.map(({ path }) => path)
const textOf = (path: string) => readFileSync(join(unpacked, path), 'utf8')

describe('the files', () => {
  it('are code, types, documents and examples, and nothing else', () => {
    expect(paths().length).toBeGreaterThan(200)
    expect(paths().filter((path) => !ALLOWED.some((allowed) => allowed.test(path)))).toEqual([])
    for (const path of [
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      'dist/index.js',
      'dist/testing/index.js',
    ]) {
      expect(paths()).toContain(path)
    }
  })

  it('have types each, whose imports are there, and name no source map', () => {
    const code = paths().filter((path) => path.endsWith('.js'))
    expect(code.filter((path) => !paths().includes(path.replace(/\.js$/, '.d.ts')))).toEqual([])
    const types = paths().filter((path) => path.endsWith('.d.ts'))
    const wanted = types.flatMap((path) => loadedBy(path).map((each) => each.replace(/\.js$/, '.d.ts')))
    expect(wanted.length).toBeGreaterThan(100)
    expect(wanted.filter((path) => !paths().includes(path))).toEqual([])
    const mapped = paths().filter(
      (path) => path.startsWith('dist/') && textOf(path).includes('sourceMappingURL'),
    )
    expect(mapped).toEqual([])
  })

  it('are all there that one of them loads, and none that nobody loads', () => {
    const seen = new Set<string>()
    const visit = (path: string) => {
      if (seen.has(path)) return
      expect(paths(), path).toContain(path)
      seen.add(path)
      for (const next of loadedBy(path)) visit(next)
    }
    for (const entry of ['dist/index.js', 'dist/testing/index.js', 'dist/main.js']) visit(entry)
    const idle = paths().filter((path) => path.startsWith('dist/') && path.endsWith('.js') && !seen.has(path))
    // What holds types only is an empty module, which nobody loads.
    expect(
      idle.filter(
        (path) =>
          textOf(path)
            .replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
            .trim() !== 'export {};',
      ),
    ).toEqual([])
  })

  it('have no link that leads nowhere', () => {
    const dead = paths()
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        linksOf(textOf(path))
          .filter((link) => !/^([a-z]+:|#)/.test(link))
          .map((link) => normalize(joinPosix(dirname(path), link.split('#')[0])).replace(/\/$/, ''))
          .filter((target) => !paths().some((each) => each === target || each.startsWith(`${target}/`)))
          .map((target) => `${path} → ${target}`),
      )
    expect(dead).toEqual([])
  })

  it('are those of one version', () => {
    expect(textOf('package.json')).toBe(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(statSync(join(unpacked, manifestOf(unpacked).bin.millrace)).isFile()).toBe(true)
    expect(textOf('dist/main.js')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })
})

/** What a built module imports, at once or later, and the modules and files that it names by URL. */
function loadedBy(path: string): string[] {
  const text = textOf(path)
  const named = [
    ...text.matchAll(/^(?:import|export)\b[^;'"]*?from\s*['"](\.[^'"$]+)['"]/gm),
    ...text.matchAll(/^import\s*['"](\.[^'"]+)['"]/gm),
    ...text.matchAll(/\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/g),
    ...text.matchAll(/\bnew URL\(\s*['"](\.[^'"]+)['"],\s*import\.meta\.url\)/g),
  ]
  return named
    .map(([, target]) => normalize(joinPosix(dirname(path), target)))
    .filter((each) => each !== 'package.json')
}

const NOT_ESM = ['node10', 'node16-cjs']

describe('the checkers of packages', () => {
  it('publint has nothing to say', async () => {
    const bytes = readFileSync(tarball.file)
    const { messages, pkg } = await publint({
      pack: {
        tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
      },
      strict: true,
    })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  it('arethetypeswrong has nothing to say of an ESM package', async () => {
    const attw = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const args = [attw, tarball.file, '--profile', 'esm-only', '--format', 'json', '--no-definitely-typed']
    const { code, stdout, stderr } = await runNode(args, { cwd: folder, timeoutMs: 60_000 })
    expect(code, `${stdout}${stderr}`).toBe(0)
    const { analysis } = JSON.parse(stdout)
    expect(analysis.types).toEqual({ kind: 'included' })
    expect(Object.keys(analysis.entrypoints).sort()).toEqual(['.', './package.json', './testing'])
    // Who resolves as Node 10 did finds nothing, and `require` finds ESM, which Node loads: both are so by intent.
    const problems = analysis.problems.filter(
      (problem: { resolutionKind: string }) => !NOT_ESM.includes(problem.resolutionKind),
    )
    expect(problems).toEqual([])
  })
})

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the sizes in the README', () => {
  it('are those of the package', () => {
    const { dependencies } = manifestOf(unpacked)
    const present = productionPackages().filter((place) => existsSync(join(ROOT, place)))
    const actual = {
      packedKb: tarball.packedBytes / 1e3,
      unpackedMb: tarball.unpackedBytes / 1e6,
      dependencies: Object.keys(dependencies).length,
      packages: present.length,
      installedMb:
        (tarball.unpackedBytes + present.reduce((sum, place) => sum + bytesOf(join(ROOT, place)), 0)) / 1e6,
    }
    const said = SIZES.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.groups
    const wanted = `The package: ${Math.round(actual.packedKb)} KB packed, ${actual.unpackedMb.toFixed(1)} MB unpacked; with its ${actual.dependencies} dependencies, ${actual.packages} packages and ${Math.round(actual.installedMb)} MB in node_modules (Linux, x64).`
    expect(said, `README.md says: ${wanted}`).toBeDefined()
    for (const [name, figure] of Object.entries(actual)) {
      const off = Math.abs(Number(said?.[name]) / figure - 1)
      expect(off, `${name}: README.md should say: ${wanted}`).toBeLessThan(TOLERANCE)
    }
  })
})

const SIZES =
  /The package: (?<packedKb>[\d.]+) KB packed, (?<unpackedMb>[\d.]+) MB unpacked; with its (?<dependencies>\d+) dependencies, (?<packages>\d+) packages and (?<installedMb>[\d.]+) MB in node_modules \(Linux, x64\)\./

/** Bytes of a package's files, without packages that lie in it. */
function bytesOf(directory: string): number {
  return readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
    if (entry.isSymbolicLink() || entry.name === 'node_modules') return sum
    const path = join(directory, entry.name)
    return sum + (entry.isDirectory() ? bytesOf(path) : statSync(path).size)
  }, 0)
}
