// One line of a file of dead letters: what is to become of it.

import { ENVELOPE_START, ENVELOPE_VERSION, type Envelope, readEnvelope } from '../kernel/envelope.js'
import { isMeant, type Only } from './only.js'
import { type Places, STAGE_HEADER } from './places.js'

/** What a replay is asked for. Plain data: it crosses threads. */
export type Replay = {
  /** Absolute path of the file. */
  path: string
  only?: Only
  /** The stage or sink at which all of them begin. Default: where each was given up. */
  from?: string
}

export type DeadLine =
  /** To be sent again. */
  | { kind: 'letter'; letter: Omit<Envelope, 'id'> & { id?: string } }
  /** Not meant this time. */
  | { kind: 'kept' }
  /** Given up by a stage or sink that is not there. */
  | { kind: 'elsewhere'; stage: string }
  /** Torn, or not whole. */
  | { kind: 'unreadable' }
  /** Written by a later version. */
  | { kind: 'later' }
  | { kind: 'empty' }

const REPLAYS_HEADER = 'millrace-replays'
/** What is said anew if it is given up again. */
const STALE_HEADERS = ['reason', 'attempts', 'error', 'stack'].map((name) => `millrace-${name}`)
const RAW = { keys: [], tags: [], headers: {}, eventTime: undefined, trace: undefined }

/** Tells what becomes of a line. `areEnvelopes`: the file begins with an envelope, so what is none is unreadable. */
export function deadLineOf(bytes: Buffer, areEnvelopes: boolean, replay: Replay, places: Places): DeadLine {
  const isEnvelope = bytes.subarray(0, ENVELOPE_START.length).toString('latin1') === ENVELOPE_START
  if (!isEnvelope && !areEnvelopes) return rawLine(bytes, replay)
  const line = bytes.toString('utf8')
  if (line.trim() === '') return { kind: 'empty' }
  const envelope = isEnvelope ? readEnvelope(line) : undefined
  if (envelope === undefined) return { kind: isLater(line) ? 'later' : 'unreadable' }
  if (replay.only !== undefined && !isMeant(envelope, replay.only)) return { kind: 'kept' }
  const stage = replay.from ?? textOf(envelope.headers[STAGE_HEADER])
  if (stage !== undefined && places.firstStage(stage) === undefined) return { kind: 'elsewhere', stage }
  return { kind: 'letter', letter: { ...envelope, headers: headersAgain(envelope.headers, stage) } }
}

function isLater(line: string): boolean {
  try {
    const { millrace } = JSON.parse(line) as { millrace?: unknown }
    return typeof millrace === 'number' && millrace > ENVELOPE_VERSION
  } catch {
    return false
  }
}

/** Of a raw line only the value is known. */
function rawLine(bytes: Buffer, { only, from }: Replay): DeadLine {
  if (only !== undefined) return { kind: 'kept' }
  const headers = { ...(from !== undefined && { [STAGE_HEADER]: from }), [REPLAYS_HEADER]: '1' }
  return { kind: 'letter', letter: { ...RAW, headers, value: bytes } }
}

/** Gives the headers of a letter that is sent again: to begin at `stage`, and without why it was given up. */
export function headersAgain(headers: Envelope['headers'], stage: string | undefined): Envelope['headers'] {
  const kept = Object.entries(headers).filter(([name]) => !STALE_HEADERS.includes(name))
  const replays = Number(textOf(headers[REPLAYS_HEADER]) ?? 0) + 1
  return {
    ...Object.fromEntries(kept),
    ...(stage !== undefined && { [STAGE_HEADER]: stage }),
    [REPLAYS_HEADER]: String(Number.isSafeInteger(replays) ? replays : 1),
  }
}

function textOf(header: string | Uint8Array | undefined): string | undefined {
  return header === undefined ? undefined : String(header)
}
