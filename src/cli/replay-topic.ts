// `millrace replay <module> kafka:<topic>`: the dead letters of a topic in place of a file.

import { MillraceError } from '../kernel/failure.js'
import type { Running } from '../topology/running.js'
import type { Topology } from '../topology/types.js'
import { countText } from './format.js'
import type { Io } from './io.js'
import { whileLoading } from './load-module.js'
import { run } from './run.js'
import { UsageError } from './verb.js'

const PREFIX = 'kafka:'

/** Gives the topic that an operand names; undefined where it is a file. */
export function topicOf(operand: string): string | undefined {
  if (!operand.startsWith(PREFIX)) return undefined
  const topic = operand.slice(PREFIX.length)
  if (topic === '') throw new UsageError(`<file>: got "${PREFIX}", wanted a file, or ${PREFIX}<topic>`)
  return topic
}

/** Sends what is in the topic, and was not sent before. Gives the exit code. */
export async function replayTopic(
  command: Parameters<typeof run>[0],
  topology: Topology,
  replay: { topic: string; from?: string },
  io: Io,
): Promise<number> {
  const { rereadingSink, replayGroup } = await import('../topology/replay.js')
  const { topic } = replay
  if (rereadingSink(topology) === undefined)
    throw new MillraceError(
      'ERR_CONFIG',
      `replay: ${PREFIX}${topic}: no sink of the topology is kafka(), so there are no brokers to ask`,
    )
  let running: Running | undefined
  const code = await run(command, io, async (url, given) => {
    const { start } = await import('../topology/start.js')
    const { state: _, ...options } = given
    running = await whileLoading(io, url, () => start(url, { ...options, replay }))
    return running
  })
  if (running !== undefined && !command.isQuiet) {
    const { acked } = running.progress()
    const group = replayGroup(topology.name)
    const sent = `${countText(acked)} sent; how far it was read is committed for the group ${group}`
    io.stderr.write(`millrace: dead letters of ${PREFIX}${topic}: ${sent}\n`)
  }
  return code
}
