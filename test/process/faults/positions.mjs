// I5: where each life of the process began to read, against what the lives before were told.

import { offsetsOf } from './check.mjs'
import { lowWatermark } from './watermark.mjs'

/**
 * The positions at the beginning of each life: nothing below `durable` may be repeated in it.
 * @param {import('./scene.mjs').Scene} scene
 * @param {{ isPositional: boolean }} source whether it keeps a position and nothing else
 * @returns {Map<number, { durable: number, told: number, began: number | undefined }>} by life
 */
export function positionsOf(scene, { isPositional }) {
  const { events } = scene.ledger('source')
  const positions = new Map()
  for (let life = 1; life <= scene.life; life++) {
    const before = events.filter((event) => event.life < life)
    const first = events.find((event) => event.life === life && event.word === 'R')
    positions.set(life, {
      durable: lowWatermark(before, 'D', scene.afterOf, isPositional),
      told: lowWatermark(before, 'A', scene.afterOf, isPositional),
      began: first === undefined ? undefined : offsetsOf(first.more)[0],
    })
  }
  return positions
}

/** @param {ReturnType<typeof positionsOf>} positions */
export function positionProblems(positions) {
  const problems = []
  for (const [life, { durable, told, began }] of positions) {
    if (began === undefined) continue
    if (began < durable)
      problems.push(`life ${life} began at ${began}, but ${durable} was durable: it went back`)
    if (began > told)
      problems.push(`life ${life} began at ${began}, but ${told} was not settled: it went too far`)
  }
  return problems
}
