// Installs the tarball into an empty project, as a user does, but without a registry: npm takes the dependencies from its cache.
// Where the cache has not all of them, the tarball is unpacked, and they are linked from ours; both leave the same tree.

import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { ROOT } from '../support/child.js'
import { runNpm } from './npm.js'
import { manifestOf } from './tarball.js'
import { untar } from './untar.js'

type Locked = { dev?: boolean; devOptional?: boolean }

/** Makes a project in `folder` that has the package, and gives how: by npm, or by hand. */
export async function install(tarball: string, folder: string): Promise<'npm' | 'links'> {
  mkdirSync(folder, { recursive: true })
  const dependencies = { millrace: `file:${relative(folder, tarball).replaceAll('\\', '/')}` }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, dependencies }))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockOf(tarball, dependencies)))
  const { code } = await runNpm(['ci', '--ignore-scripts'], folder)
  if (code === 0) return 'npm'
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
  unpack(tarball, folder)
  return 'links'
}

/** Unpacks the tarball into node_modules, and links its dependencies from ours. */
export function unpack(tarball: string, folder: string): void {
  const target = join(folder, 'node_modules', 'millrace')
  mkdirSync(target, { recursive: true })
  untar(tarball, target)
  const { dependencies, bin } = manifestOf(target)
  for (const name of Object.keys(dependencies)) linkModule(name, folder)
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true })
  chmodSync(join(target, bin.millrace), 0o755)
  symlinkSync(join('..', 'millrace', bin.millrace), join(folder, 'node_modules', '.bin', 'millrace'), 'file')
}

/** Links one of our modules into a project. */
export function linkModule(name: string, folder: string): void {
  const target = join(folder, 'node_modules', name)
  mkdirSync(dirname(target), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules', name), target, 'junction')
}

/** Packages that come along with the package: their places in node_modules, of all platforms. */
export function productionPackages(): string[] {
  return Object.entries(lockedPackages())
    .filter(([place, { dev, devOptional }]) => place !== '' && !dev && !devOptional)
    .map(([place]) => place)
}

function lockedPackages(): Record<string, Locked> {
  return (
    JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }
  ).packages
}

/** What npm would have written had it asked the registry for the versions that we have. */
function lockOf(tarball: string, dependencies: Record<string, string>): unknown {
  const locked = lockedPackages()
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
  const packages: Record<string, unknown> = {
    '': { name: 'app', dependencies },
    'node_modules/millrace': {
      ...locked[''],
      name: undefined,
      devDependencies: undefined,
      resolved: dependencies.millrace,
      integrity,
    },
  }
  for (const place of productionPackages()) packages[place] = locked[place]
  return { name: 'app', lockfileVersion: 3, requires: true, packages }
}
