// The source of a replay from a topic: the records of a dead letter topic, up to where it ended as the replay began, each made the
// message again that was given up. How far it was read is committed for a group of its own: the next replay goes on there.

import type { Headers } from '../kernel/codec.js'
import { MillraceError } from '../kernel/failure.js'
import type { Source, SourceRecord } from '../sources/source.js'
import { headersAgain } from './dead-line.js'
import { type Places, STAGE_HEADER } from './places.js'

/** What a replay of a topic is asked for. Plain data: it crosses threads. */
export type TopicReplay = {
  topic: string
  /** The stage or sink at which all of them begin. Default: where each was given up. */
  from?: string
}

/** What a sink has that can read again what it wrote: `topic` up to where it ends now, as a member of `group`. */
export type Rereading = { reread(topic: string, group: string): Source }

/** Under what the origin of a dead letter is said, and what of it the message had before. */
const ORIGIN = 'millrace-origin-'
const RESTORED = ['topic', 'partition']
const TAGS_HEADER = 'millrace-tags'

/** Makes the source. `inner` gives the records of the topic. */
export function topicLetters({ topic, from }: TopicReplay, places: Places, inner: Source): Source {
  return {
    ...inner,
    name: 'replay',
    async read(max: number) {
      const records = await inner.read(max)
      return records === null ? null : records.map(letterOf)
    },
  }

  function letterOf(record: SourceRecord): SourceRecord {
    const { headers = {} } = record
    const stage = from ?? textOf(headers[STAGE_HEADER])
    if (stage !== undefined && places.firstStage(stage) === undefined) {
      const what = `the record at ${record.offset} of partition ${record.partition} was given up by ${stage}, which the topology does not have`
      throw new MillraceError('ERR_SOURCE', `replay: kafka:${topic}: ${what}: say --from`)
    }
    return {
      ...record,
      id: textOf(headers[`${ORIGIN}id`]) ?? record.id,
      tags: tagsOf(headers[TAGS_HEADER]),
      headers: { ...headersAgain(headers, stage), ...restored(headers) },
    }
  }
}

function restored(headers: Headers): Headers {
  const found = RESTORED.map((name) => [`millrace-${name}`, headers[`${ORIGIN}${name}`]] as const)
  return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as Headers
}

function tagsOf(header: string | Uint8Array | undefined): readonly string[] | undefined {
  if (header === undefined) return undefined
  try {
    const tags = JSON.parse(String(header))
    return Array.isArray(tags) && tags.every((tag) => typeof tag === 'string') ? tags : undefined
  } catch {
    return undefined
  }
}

function textOf(header: string | Uint8Array | undefined): string | undefined {
  return header === undefined ? undefined : String(header)
}
