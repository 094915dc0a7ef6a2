// The terminal while `millrace top` has it: a screen of its own, drawn over in place, and given back as it was.

import { painter } from './format.js'
import type { Io } from './io.js'
import { type Line, lineText } from './top-frame.js'

// Without a cursor, and without going on in the next line: a character may be wider than one column.
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_LINE_END = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'
const COLUMNS = 80
const ROWS = 24

export type Screen = {
  draw(lines: readonly Line[]): void
  /** Gives the terminal back. Safe to call again. */
  leave(): void
}

export function openScreen(io: Io): Screen {
  const { stdout } = io
  const paint = painter(stdout.isTTY, io.env)
  let isOpen = true
  stdout.write(ENTER)
  return {
    draw(lines) {
      if (!isOpen) return
      const width = stdout.columns || COLUMNS
      const rows = (stdout as { rows?: number }).rows || ROWS
      const shown =
        lines.length <= rows ? lines : [...lines.slice(0, rows - 1), more(lines.length - rows + 1)]
      const texts = shown.map((line) => `${lineText(line, width, paint)}${CLEAR_LINE_END}`)
      // No line end after the last: it would scroll.
      stdout.write(`${HOME}${texts.join('\r\n')}${CLEAR_BELOW}`)
    },
    leave() {
      if (isOpen) stdout.write(LEAVE)
      isOpen = false
    },
  }
}

function more(count: number): Line {
  return [{ text: `… ${count} more lines: make the window higher`, style: 'dim' }]
}
