// Runs one of Java's own perf tools; `stop` waits for its end and gives what it said.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

const FLAGS = ['-Xmx512m', '-Xms512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']

export function runJavaTool({ java, classPath }, tool, args) {
  if (classPath === undefined) throw new Error('the tools are in the jars of the broker of our own')
  const child = spawn(java, [...FLAGS, '-cp', classPath, `org.apache.kafka.tools.${tool}`, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = text(child.stdout)
  const ended = once(child, 'exit')
  process.on('exit', () => child.kill('SIGKILL'))
  return async () => {
    const [code] = await ended
    if (code !== 0) throw new Error(`${tool} ended with ${code}: ${await said}`)
    return await said
  }
}
