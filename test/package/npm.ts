// Runs npm as a child, without a shell: on Windows `npm` is a batch file, so its own module is run instead.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Ended, runNode } from '../support/child.js'

/** Resolves when npm has ended, with whatever exit code. It asks no registry. */
export function runNpm(args: readonly string[], cwd: string): Promise<Ended> {
  const env = { npm_config_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' }
  return runNode([npmModule(), ...args], { cwd, env, timeoutMs: 120_000 })
}

function npmModule(): string {
  const { npm_execpath: given } = process.env
  const folder = dirname(process.execPath)
  const usual = ['../lib/node_modules', '../share/nodejs', 'node_modules'].map((path) =>
    join(folder, path, 'npm', 'bin', 'npm-cli.js'),
  )
  const beside = given === undefined ? [] : [given.replace(/npx-cli\.js$/, 'npm-cli.js')]
  const found = [...beside, ...usual].find((path) => path.endsWith('npm-cli.js') && existsSync(path))
  if (found === undefined) throw new Error(`no npm beside ${process.execPath}: run the tests by \`npm test\``)
  return found
}
