// Crash points: the places between two stores where a thread's death could matter, each with a name.
// Outside the simulation a crash point is a call of an empty function; the simulation lets it throw.

/** All crash points, in the order in which an actor comes to them in its life. */
export const CRASH_POINTS = [
  'cell.recover-tail',
  'cell.recover-cursor',
  'inbound.recover-record',
  'reader.before-read',
  'reader.after-read',
  'mapper.handler-returned',
  'sink.write-returned',
  'inbound.before-mark',
  'inbound.after-mark',
  'parking.compacted',
  'cell.before-tails',
  'cell.before-publish',
  'cell.after-publish',
  'cell.after-tail',
  'cell.after-release',
  'reader.before-tell',
] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

type CrashHook = (point: CrashPoint) => void

const nothing: CrashHook = () => {}
let hook: CrashHook = nothing

/** Marks a place where a simulated death may happen. */
export function crashPoint(point: CrashPoint): void {
  if (hook !== nothing) hook(point)
}

/** Sets what happens at crash points; with no argument, nothing does. For simulation and tests only. */
export function setCrashHook(to: CrashHook = nothing): void {
  hook = to
}
