// A ledger: a file that only grows and outlives the process that writes it. One write for each entry, whole lines.
//   #open <ms> <life> <pid>  someone began to write; in front of it a line end, so that a torn last line is told from a whole one
//   #<word> <ms> <more>   an event
//   anything else         what was accepted, under the event before it
// Both sides use it: the topologies under test write, the harness reads.

import { openSync, readFileSync, statSync, writeSync } from 'node:fs'

/** Wall-clock ms with fractions, the same on all threads and processes of the machine. */
export const nowMs = () => performance.timeOrigin + performance.now()

export class Ledger {
  /** @param {string} path @param {number} life which start of the process this is */
  constructor(path, life) {
    this.fd = openSync(path, 'a')
    this.append(`\n#open ${nowMs().toFixed(3)} ${life} ${process.pid}\n`)
  }

  event(word, more = '') {
    this.append(eventText(word, more))
  }

  /** @param {string} text whole lines */
  append(text) {
    const bytes = Buffer.from(text)
    for (let done = 0; done < bytes.length; ) done += writeSync(this.fd, bytes, done)
  }
}

export function eventText(word, more = '') {
  return `#${word} ${nowMs().toFixed(3)} ${more}\n`
}

/**
 * @typedef {{ word: string, ms: number, more: string, life: number, opening: number, lines: string[] }} Event
 * @typedef {{ events: Event[], torn: string[] }} LedgerText `torn`: last lines of writers that were killed within a write
 */

/** Reads a ledger; one that is not there is empty. @returns {LedgerText} */
export function readLedger(path) {
  const events = []
  const torn = []
  let life = 0
  let opening = -1
  const lines = textOf(path).split('\n')
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]
    if (line === '') continue
    // Whole lines have a line end of their own, in front of that of the next who opens.
    if (i + 1 === lines.length || lines[i + 1].startsWith('#open ')) {
      torn.push(line)
      continue
    }
    if (line[0] !== '#') {
      if (events.length > 0) events.at(-1).lines.push(line)
      continue
    }
    const [head, ms, ...more] = line.split(' ')
    if (head === '#open') {
      life = Number(more[0])
      opening++
    }
    events.push({ word: head.slice(1), ms: Number(ms), more: more.join(' '), life, opening, lines: [] })
  }
  return { events, torn }
}

/**
 * Reads a file that has nothing but accepted lines, as if it were a ledger.
 * @param {string} path
 * @param {readonly number[]} sizes of the file at the beginning of each life
 * @returns {LedgerText}
 */
export function readFileLedger(path, sizes) {
  const bytes = sizeOf(path) === 0 ? Buffer.alloc(0) : readFileSync(path)
  const events = []
  const torn = []
  for (const [i, from] of sizes.entries()) {
    const lines = bytes.toString('utf8', from, sizes[i + 1] ?? bytes.length).split('\n')
    const last = lines.pop()
    if (last) torn.push(last)
    // A sink that finds a torn line ends it: that end is an empty line here.
    events.push({
      word: 'at',
      ms: 0,
      more: '',
      life: i + 1,
      opening: i,
      lines: lines.filter((line) => line !== ''),
    })
  }
  return { events, torn }
}

/** Size of a file now; 0 where there is none. */
export function sizeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function textOf(path) {
  return sizeOf(path) === 0 ? '' : readFileSync(path, 'utf8')
}
