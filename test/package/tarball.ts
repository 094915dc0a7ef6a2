// Makes the package that would be published: of a build of its own, as what lies in dist may be older, or in use.

import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ROOT, runNode } from '../support/child.js'
import { runNpm } from './npm.js'

export type PackedFile = { path: string; size: number }

export type Tarball = {
  file: string
  /** Of the tarball, and of its files. */
  packedBytes: number
  unpackedBytes: number
  files: PackedFile[]
}

/** What the patterns of `files` in package.json choose from; more than they let through. */
const CHOSEN_FROM = [
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs',
  'src',
  'bench',
  '.ci',
]
const EXAMPLES = /[\\/]examples([\\/][\w-]+)?([\\/][\w-]+\.mjs)?$/

/** Builds and packs in a directory of its own, below `folder`. */
export async function makeTarball(folder: string): Promise<Tarball> {
  const staging = join(folder, 'staging')
  mkdirSync(staging)
  for (const name of CHOSEN_FROM) cpSync(join(ROOT, name), join(staging, name), { recursive: true })
  cpSync(join(ROOT, 'examples'), join(staging, 'examples'), {
    recursive: true,
    filter: (path) => EXAMPLES.test(path),
  })
  symlinkSync(join(ROOT, 'node_modules'), join(staging, 'node_modules'), 'junction')
  const built = await runNode([join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: staging,
    timeoutMs: 120_000,
  })
  expect(built.code, built.stdout).toBe(0)
  const packed = await runNpm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], staging)
  expect(packed.code, packed.stderr).toBe(0)
  const [{ filename, size, unpackedSize, files }] = Object.values(JSON.parse(packed.stdout)) as [NpmPack]
  return { file: join(folder, filename), packedBytes: size, unpackedBytes: unpackedSize, files }
}

type NpmPack = { filename: string; size: number; unpackedSize: number; files: PackedFile[] }

export type Manifest = {
  version: string
  dependencies: Record<string, string>
  bin: Record<string, string>
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}
