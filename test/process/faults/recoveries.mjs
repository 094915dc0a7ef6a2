// I7 for threads that die: how long until the successor's first message is accepted, and how long the other threads stood still.

/**
 * @param {import('./scene.mjs').Scene} scene whose handlers stamp, and tell their deaths
 * @returns {{ recoveredMs: number | undefined, othersStalledMs: number }[]} for each death
 */
export function recoveriesOf(scene) {
  const accepted = scene
    .ledger('sink')
    .events.filter(({ word }) => word === 'at')
    .map(({ ms, lines }) => ({ ms, stamps: stampsOf(lines) }))
  const deaths = scene.ledger('faults').events.filter(({ word }) => word === 'death')
  return deaths.map(({ ms, more }) => {
    const [thread, incarnation] = more.split(' ').map(Number)
    const isSuccessor = (stamp) => stamp.thread === thread && stamp.incarnation > incarnation
    const recovered = accepted.find((event) => event.ms >= ms && event.stamps.some(isSuccessor))
    const isOther = (stamp) => stamp.thread !== thread
    const others = accepted.filter(({ stamps }) => stamps.some(isOther)).map((event) => event.ms)
    return {
      recoveredMs: recovered && recovered.ms - ms,
      othersStalledMs: longestGap(others, ms, recovered?.ms ?? ms),
    }
  })
}

function stampsOf(lines) {
  const texts = new Set(lines.map((line) => line.slice(0, line.indexOf('|'))))
  return [...texts].map((text) => {
    const [thread, incarnation] = text.split('.').map(Number)
    return { thread, incarnation }
  })
}

function longestGap(times, from, to) {
  let longest = 0
  let last = from
  for (const ms of times) {
    if (ms < from) continue
    longest = Math.max(longest, ms - last)
    last = ms
    if (ms >= to) break
  }
  return longest
}
