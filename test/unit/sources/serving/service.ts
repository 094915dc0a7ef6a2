// A service in simulated time: clients, the thread that takes their requests in, a gate, perhaps a queue of ours, and servers
// behind one line. To refuse costs the ingress what taking in costs it: so clients that ask again at once ask no faster than that.

import type { Random } from '../../../../src/kernel/clock.js'
import { seeded } from '../../../../src/testing/seeded.js'
import type { Law } from './laws.js'

/** What decides who comes in. */
export type Gate = {
  admit(name: string): boolean
  release(name: string, latencyMs: number, isLate: boolean): void
}

export type Load =
  /** Requests per ms, at random; who is refused does not come again. */
  | { name: string; perMs: number }
  /** So many who wait for their answer before they ask again; who is refused asks again after `afterMs`. */
  | { name: string; clients: number; afterMs?: number }

export type Service = {
  seed: number
  gate: Gate
  loads: readonly Load[]
  /** Infinity: a handler that only waits. */
  servers: number
  workMs: Law
  untilMs: number
  /** Samples before are not counted. */
  fromMs?: number
  /** Everything stands still for `ms` of each `everyMs`. */
  pause?: { everyMs: number; ms: number }
  /** Who waits longer is answered for nothing. */
  timeoutMs?: number
  front?: Front
  /** Called after each answer. */
  watch?(nowMs: number): void
}

/** A queue in front of the line. */
export type Front = {
  push(request: Request): void
  next(): Request | undefined
  done(latencyMs: number): void
}

export type Request = { load: number; name: string; atMs: number; givenMs: number }

/** `goodput`: answers per ms. */
export type Outcome = { goodput: number; p50: number; p99: number; refused: number; late: number }

const INGRESS_MS = 0.02
const RETRY_MS = 0.1
const TURNAROUND_MS = 0.05
/** Items that left a list stay in it until they are so many. */
const SLACK = 65_536

type Event = { atMs: number; order: number; run: (event: Event) => void; request: Request }

/** Gives how each load fared, by its name. The same seed gives the same run. */
export function simulate(service: Service): Map<string, Outcome> {
  return new Run(service).run()
}

class Run {
  private readonly service: Service
  private readonly random: Random
  private readonly events: Event[] = []
  private readonly door: Request[] = []
  private doorAt = 0
  private readonly line: Request[] = []
  private lineAt = 0
  private isDoorBusy = false
  private busy = 0
  private nowMs = 0
  private order = 0
  private readonly latencies: number[][]
  private readonly refused: number[]
  private readonly late: number[]

  constructor(service: Service) {
    this.service = service
    this.random = seeded(service.seed)
    this.latencies = service.loads.map(() => [])
    this.refused = service.loads.map(() => 0)
    this.late = service.loads.map(() => 0)
  }

  run(): Map<string, Outcome> {
    const { loads, untilMs } = this.service
    for (const [at, load] of loads.entries()) this.begin(load, at)
    for (;;) {
      const event = pop(this.events)
      if (event === undefined || event.atMs > untilMs) break
      this.nowMs = event.atMs
      event.run.call(this, event)
    }
    return new Map(loads.map(({ name }, at) => [name, this.outcome(at)]))
  }

  private outcome(at: number): Outcome {
    const { untilMs, fromMs = 0 } = this.service
    const sorted = Float64Array.from(this.latencies[at]).sort()
    const p = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
    return {
      goodput: sorted.length / (untilMs - fromMs),
      p50: p(0.5),
      p99: p(0.99),
      refused: this.refused[at],
      late: this.late[at],
    }
  }

  private begin(load: Load, at: number): void {
    const request = () => ({ load: at, name: load.name, atMs: 0, givenMs: 0 })
    if ('perMs' in load) this.at(this.gapMs(load.perMs), this.arrive, request())
    else for (let i = 0; i < load.clients; i++) this.at(this.random(), this.enter, request())
  }

  private gapMs(perMs: number): number {
    return -Math.log(1 - this.random()) / perMs
  }

  private arrive({ request }: Event): void {
    const load = this.service.loads[request.load] as Extract<Load, { perMs: number }>
    this.take(request)
    this.at(this.nowMs + this.gapMs(load.perMs), this.arrive, { ...request })
  }

  private enter({ request }: Event): void {
    this.take(request)
  }

  private take(request: Request): void {
    this.door.push(request)
    if (!this.isDoorBusy) this.openDoor()
  }

  private openDoor(): void {
    this.isDoorBusy = this.doorAt < this.door.length
    if (!this.isDoorBusy) return
    if (this.doorAt > SLACK) {
      this.door.splice(0, this.doorAt)
      this.doorAt = 0
    }
    this.at(this.worked(INGRESS_MS), this.decide, this.door[this.doorAt++])
  }

  private decide({ request }: Event): void {
    const { gate, front, fromMs = 0, loads } = this.service
    const load = loads[request.load]
    if (gate.admit(request.name)) {
      request.atMs = this.nowMs
      if (front === undefined) this.line.push(request)
      else front.push(request)
      this.work()
    } else {
      if (this.nowMs >= fromMs) this.refused[request.load]++
      if ('clients' in load) this.at(this.nowMs + (load.afterMs ?? RETRY_MS), this.enter, request)
    }
    this.openDoor()
  }

  private work(): void {
    const { front, servers, workMs } = this.service
    if (front !== undefined) {
      for (let request = front.next(); request !== undefined; request = front.next()) {
        request.givenMs = this.nowMs
        this.line.push(request)
      }
    }
    while (this.busy < servers && this.lineAt < this.line.length) {
      const request = this.line[this.lineAt++]
      if (this.lineAt > SLACK) {
        this.line.splice(0, this.lineAt)
        this.lineAt = 0
      }
      this.busy++
      const ms = workMs(this.random, this.nowMs)
      this.at(servers === Infinity ? this.waited(ms) : this.worked(ms), this.finish, request)
    }
  }

  private finish({ request }: Event): void {
    const { gate, front, fromMs = 0, loads, timeoutMs = Infinity, watch } = this.service
    this.busy--
    const latencyMs = this.nowMs - request.atMs
    const isLate = latencyMs > timeoutMs
    gate.release(request.name, latencyMs, isLate)
    front?.done(this.nowMs - request.givenMs)
    if (this.nowMs >= fromMs) {
      if (isLate) this.late[request.load]++
      else this.latencies[request.load].push(latencyMs)
    }
    watch?.(this.nowMs)
    this.work()
    if ('clients' in loads[request.load]) this.at(this.nowMs + TURNAROUND_MS, this.enter, request)
  }

  /** When work of so many ms is done that begins now. */
  private worked(ms: number): number {
    const { pause } = this.service
    if (pause === undefined) return this.nowMs + ms
    let at = this.waited(0)
    for (let left = ms; ; ) {
      const stop = (Math.floor(at / pause.everyMs) + 1) * pause.everyMs
      if (at + left <= stop) return at + left
      left -= stop - at
      at = stop + pause.ms
    }
  }

  /** When something is noticed that happens in so many ms. */
  private waited(ms: number): number {
    const { pause } = this.service
    const at = this.nowMs + ms
    if (pause === undefined || at < pause.everyMs) return at
    const begun = Math.floor(at / pause.everyMs) * pause.everyMs
    return Math.max(at, begun + pause.ms)
  }

  private at(atMs: number, run: (event: Event) => void, request: Request): void {
    push(this.events, { atMs, order: this.order++, run, request })
  }
}

const isBefore = (a: Event, b: Event) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

function push(heap: Event[], event: Event): void {
  let at = heap.length
  heap.push(event)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isBefore(event, heap[parent])) break
    heap[at] = heap[parent]
    at = parent
  }
  heap[at] = event
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined || heap.length === 0) return first
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
    if (!isBefore(heap[child], last)) break
    heap[at] = heap[child]
    at = child
  }
  heap[at] = last
  return first
}
