// Runs Java's own perf tools, or a program from its source, with the jars of the broker of our own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

const FLAGS = ['-Xmx512m', '-Xms512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']

/** Runs one of the perf tools; the function that it gives waits for its end, and gives what it said. */
export function runJavaTool(job, tool, args) {
  const { ended, said } = runJava(job, [`org.apache.kafka.tools.${tool}`, ...args])
  return async () => {
    const [code] = await ended
    if (code !== 0) throw new Error(`${tool} ended with ${code}: ${await said}`)
    return await said
  }
}

/** `program`: a class or a source file, and its arguments. */
export function runJava({ java, classPath }, program) {
  if (classPath === undefined) throw new Error('the jars are those of the broker of our own')
  const child = spawn(java, [...FLAGS, '-cp', classPath, ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.on('exit', () => child.kill('SIGKILL'))
  return { child, said: text(child.stdout), ended: once(child, 'exit') }
}
