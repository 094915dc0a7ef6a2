// Many messages that are given up are not many lines, and none of them is forgotten.

import { expect, test } from 'vitest'
import { GiveUpLog } from '../../../src/actors/give-up-log.js'
import type { Host } from '../../../src/kernel/actor.js'
import { createLog, isNeeded, type LogRecord } from '../../../src/kernel/log.js'

test('ten lines in ten seconds; the next one says how many were left out', () => {
  const said: LogRecord[] = []
  let nowMs = 1_000
  const clock = { now: () => nowMs }
  const log = new GiveUpLog({ clock, log: createLog((record) => said.push(record), 'map', 'map') } as Host)
  for (let i = 0; i < 1_234; i++) log.say(`message ${i}`, 'fallback')
  expect(said).toHaveLength(10)
  expect(said[9]).toMatchObject({ level: 'warn', message: 'message 9', fields: { outcome: 'fallback' } })
  nowMs += 9_999
  log.say('too soon', 'drop')
  nowMs += 1
  log.say('in time', 'drop')
  log.say('and then', 'drop')
  expect(said.slice(10).map(({ message, fields }) => [message, fields])).toEqual([
    ['in time', { outcome: 'drop', notLogged: 1_225 }],
    ['and then', { outcome: 'drop' }],
  ])
})

test('what is less than the level stays on its thread, but not what tells the last error of an actor', () => {
  const record = (level: LogRecord['level'], outcome?: string): LogRecord => ({
    level,
    message: '',
    actor: 'map',
    thread: 'map',
    ...(outcome !== undefined && { fields: { outcome } }),
  })
  expect(isNeeded(record('debug'), 'info')).toBe(false)
  expect(isNeeded(record('debug', 'retry'), 'info')).toBe(true)
  expect(isNeeded(record('info'), 'info')).toBe(true)
  expect(isNeeded(record('info'), 'error')).toBe(false)
  expect(isNeeded(record('warn'), 'error')).toBe(true)
})
