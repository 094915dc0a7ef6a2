// Crash points: the places between two stores where a thread's death could matter, each with a name.
// Outside the simulation a crash point is a call of an empty function; the simulation lets it throw.

type CrashHook = (point: string) => void

const nothing: CrashHook = () => {}
let hook: CrashHook = nothing

/** Marks a place where a simulated death may happen. */
export function crashPoint(point: string): void {
  if (hook !== nothing) hook(point)
}

/** Sets what happens at crash points; with no argument, nothing does. For simulation and tests only. */
export function setCrashHook(to: CrashHook = nothing): void {
  hook = to
}
