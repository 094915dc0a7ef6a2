// The jars of a Kafka release, fetched once by Maven, with a formatted empty data folder that every new broker copies. They lie in
// the user's cache: `npm ci` removes what is in node_modules.

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { brokerProperties, propertiesText } from './properties.js'
import { type Ran, run } from './run.js'
import { JAVA, MAVEN } from './tools.js'

export type Installed = { classPath: string; template: string }

export const KAFKA_VERSION = process.env.KAFKA_VERSION ?? '4.3.1'
const POM = fileURLToPath(new URL('./pom.xml', import.meta.url))
const CACHE =
  process.env.KAFKA_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace-tests', 'kafka')
const HOME = join(CACHE, KAFKA_VERSION)
const FETCH_MS = 240_000

export const isInstalled = (): boolean => existsSync(HOME)

/** Fetches what is not there yet. Several processes may ask at once: the first that is done wins. */
export async function install(): Promise<Installed> {
  if (!isInstalled()) await fetchAndFormat()
  const libs = join(HOME, 'libs')
  const jars = (await readdir(libs)).filter((name) => name.endsWith('.jar')).sort()
  const classPath = jars.map((name) => join(libs, name)).join(delimiter)
  return { classPath, template: join(HOME, 'template') }
}

async function fetchAndFormat(): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const staging = await mkdtemp(join(CACHE, 'installing-'))
  try {
    const libs = join(staging, 'libs')
    const names = [`-Dkafka.version=${KAFKA_VERSION}`, '-DincludeScope=runtime', `-DoutputDirectory=${libs}`]
    const args = ['-q', '-B', '-f', POM, ...names, 'dependency:copy-dependencies']
    const copied = await run(MAVEN, args, { timeoutMs: FETCH_MS })
    const why = 'for the first time it needs a network, or what Maven has kept of one'
    requireDone(`${MAVEN} could not fetch Kafka ${KAFKA_VERSION} into ${CACHE} (KAFKA_CACHE): ${why}`, copied)
    await format(libs, staging)
    await rename(staging, HOME)
  } catch (error) {
    if (!isInstalled()) throw error
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

async function format(libs: string, staging: string): Promise<void> {
  const listeners = { host: '127.0.0.1', port: 9092, controllerPort: 9093 }
  const file = join(staging, 'format.properties')
  await writeFile(file, propertiesText(brokerProperties(listeners, join(staging, 'template'))))
  const tool = [
    '-cp',
    join(libs, '*'),
    'kafka.tools.StorageTool',
    'format',
    '-t',
    'AAAAAAAAAAAAAAAAAAAAAQ',
    '-c',
    file,
  ]
  requireDone('the data folder could not be formatted', await run(JAVA, tool))
}

function requireDone(what: string, ran: Ran | undefined): void {
  if (ran?.code === 0) return
  // What Maven says goes on for pages: its first line says it.
  const [first = 'it was ended, since it took too long'] = stripVTControlCharacters(
    ran?.output ?? 'no such program',
  )
    .split('\n')
    .filter((line) => line.trim() !== '')
  throw new Error(`${what}: ${first.slice(0, 600)}`)
}
