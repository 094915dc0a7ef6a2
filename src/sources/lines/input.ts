// What `lines` reads from: a file, which can be read again, or a stream, which keeps what is not settled.

import type { SourceRecord } from '../source.js'
import type { LineRules } from './split-lines.js'
import type { Window } from './window.js'

export interface Input {
  readonly rules: LineRules
  readonly window: Window
  /** Puts more bytes in the window (`more`, once also for the end of the last line); `later` if there are none now. */
  more(): 'more' | 'later' | 'end'
  /** Tells that so many lines of the window were given, as the first of these records. */
  gave(lines: number, records: readonly SourceRecord[]): void
  /** Tells that the line at this offset is not needed any more. */
  settle(offset: number): void
  /** Gives a line that is not settled again, by its offset. */
  lineAt(offset: number): Uint8Array
  /** How many lines it keeps in memory. */
  readonly unsettled: number
  /** How many bytes are still to be read, if that is known. */
  readonly bytesLeft: number
  close(): void
}
