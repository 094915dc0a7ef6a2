// The loop of a careful user of Java's clients. Its CPU is not that of this process.

import { fileURLToPath } from 'node:url'
import { runJava } from '../kafka/java-tool.mjs'

const LOOP = fileURLToPath(new URL('../kafka/Loop.java', import.meta.url))

export async function run(job) {
  const { brokers, from, to, groupId } = job
  const { child } = runJava(job, [LOOP, brokers, from, to, groupId])
  return {
    async stop() {
      child.kill('SIGKILL')
      return {}
    },
  }
}
