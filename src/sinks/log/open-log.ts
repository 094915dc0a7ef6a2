// The stream behind the sink `log`, from opening to closing.

import { MillraceError } from '../../kernel/failure.js'
import type { Message } from '../../kernel/message.js'
import type { LogInternals, LogOptions } from '../log.js'
import type { Response } from '../response.js'
import { answer, codeOf, LineWriter, lineIoOf, Tail } from '../write-all.js'

type Stream = NonNullable<LogOptions['stream']>

/** Several sinks of a topology may write to one stream: they share its tail. */
const streams = { stdout: { fd: 1, tail: new Tail() }, stderr: { fd: 2, tail: new Tail() } }

export class OpenLog {
  private readonly stream: Stream
  private readonly lines: LineWriter

  constructor(stream: Stream, lines: LineWriter) {
    this.stream = stream
    this.lines = lines
  }

  async write(batch: readonly Message[]): Promise<Response[]> {
    const { stream } = this
    const written = await this.lines.write(batch)
    if (codeOf(written.error) === 'EPIPE') {
      throw new MillraceError('ERR_SINK', `log: ${stream} is closed`, { cause: written.error })
    }
    return answer(batch, written, `log: ${stream}`)
  }

  close(): Promise<void> {
    return this.lines.close()
  }
}

/** Opens it. */
export async function openLog(
  { stream, format }: Required<LogOptions>,
  internals: LogInternals,
): Promise<OpenLog> {
  const { fd = streams[stream].fd, tail = streams[stream].tail, ...io } = internals
  const lineOf = format === 'raw' ? rawLine : (await import('./json-line.js')).createJsonLine()
  return new OpenLog(stream, new LineWriter(fd, lineOf, { ...lineIoOf(fd), ...io }, tail))
}

function rawLine(message: Message): Uint8Array {
  return message.value
}
