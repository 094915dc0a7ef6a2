// The programs that a broker of our own needs: Java 17 or later, and Maven for the first time.

import { join } from 'node:path'
import { run } from './run.js'

/** Tried in order: what the environment says, the path. */
export const JAVA = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java'
export const MAVEN = process.env.MVN ?? (process.platform === 'win32' ? 'mvn.cmd' : 'mvn')

const JAVA_LEAST = 17

/** Says what is missing for a broker of our own; undefined where nothing is. */
export async function missingTool(needsMaven: boolean): Promise<string | undefined> {
  const java = await run(JAVA, ['-version'])
  if (java === undefined)
    return `${JAVA} was not found: install Java ${JAVA_LEAST} or later, or set JAVA_HOME`
  const version = Number(/version "(\d+)/.exec(java.output)?.[1])
  if (!(version >= JAVA_LEAST))
    return `${JAVA} is version ${version || 'unknown'}, Kafka 4 needs ${JAVA_LEAST} or later`
  if (!needsMaven || (await run(MAVEN, ['-v'])) !== undefined) return undefined
  return `${MAVEN} was not found: install Maven 3.6 or later, or set MVN`
}
