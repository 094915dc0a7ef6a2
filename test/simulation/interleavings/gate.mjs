// Stops its thread before each access to memory that other threads see, until the explorer lets it pass, and logs what the access
// read and wrote. Atomics are patched; plain accesses are seen through proxies of the typed arrays.

/** The schedule is over for this thread. */
export class Aborted extends Error {}

const { load, store, exchange, add, compareExchange, notify, wait } = Atomics
/** A reader that follows lengths which nobody has written may go round for ever. */
const PLAIN_MAX = 500
const TEXT_BYTES_MAX = 1000

export class Gate {
  constructor({ self, threads, memories, control, layout, states, sleep, accesses }) {
    this.layout = layout
    this.states = states
    this.sleep = sleep
    this.accesses = new Map(accesses.map((name, index) => [name, index]))
    this.self = self
    this.words = new Int32Array(control)
    this.bytes = Buffer.from(control)
    this.base = self * layout.WORDS
    this.bells = threads.map(({ role }) => role.bell)
    this.numbers = new Map(memories.map((memory, index) => [memory, index]))
    this.targets = new WeakMap()
    this.isOpen = true
    this.isAborted = false
    this.plainCount = 0
    /** Tells the explorer how many records the actor has placed and taken. */
    this.report = (placed, taken) => {
      this.words[this.base + layout.PLACED] = placed
      this.words[this.base + layout.TAKEN] = taken
    }
  }

  /** Waits for the next schedule. Until `close`, all accesses pass: the setting up is no part of it. */
  awaitStart() {
    const at = this.base + this.layout.STATE
    // One load for test and wait: the start may come between two.
    for (let state = load(this.words, at); state !== this.states.START; state = load(this.words, at))
      wait(this.words, at, state)
    this.isOpen = true
    this.isAborted = false
  }

  close() {
    this.isOpen = false
    this.plainCount = 0
    this.budget = 0
  }

  /** Ends this thread's part in the schedule, and says why. Does not return. */
  failed(error) {
    if (error instanceof Aborted) throw error
    const { words, base, layout, states } = this
    const text = Buffer.from(String(error?.message ?? error)).subarray(0, TEXT_BYTES_MAX)
    text.copy(this.bytes, (base + layout.TEXT) * 4)
    words[base + layout.TEXT_BYTES] = text.length
    this.finish(states.FAILED)
    this.stay(states.FAILED)
    this.abort()
  }

  /** It will do nothing more in this schedule. Does not return. */
  ended() {
    this.finish(this.states.ENDED)
    this.stay(this.states.ENDED)
    this.abort()
  }

  abort() {
    this.isAborted = true
    throw new Aborted()
  }

  stay(state) {
    const at = this.base + this.layout.STATE
    while (load(this.words, at) === state) wait(this.words, at, state)
  }

  finish(state) {
    store(this.words, this.base + this.layout.STATE, state)
    notify(this.words, this.base + this.layout.STATE)
  }

  /** Waits for permission to do this next. */
  pass(access, memory, word) {
    const { words, base, layout, states } = this
    // What a runner does on its way out is no part of the schedule.
    if (this.isAborted) throw new Aborted()
    words[base + layout.NEXT] = this.accesses.get(access)
    words[base + layout.NEXT_MEMORY] = memory
    words[base + layout.NEXT_WORD] = word
    this.plainCount = access.startsWith('plain') ? 1 : 0
    if (this.budget === 0) {
      this.finish(states.GATE)
      this.stay(states.GATE)
      if (load(words, base + layout.STATE) === states.ABORT) this.abort()
      this.budget = words[base + layout.BUDGET]
    }
    this.budget--
  }

  /** Its wait is over: enabled only when it was notified. */
  passWoken() {
    this.pass('woken', this.bells[this.self], 0)
    this.words[this.base + this.layout.SLEEP] = this.sleep.AWAKE
    this.log('woken', this.bells[this.self], 0, 0, 0)
  }

  /** Forgets how the thread came to where it is: `state` says all of it. */
  restartHistory(state) {
    const { words, base, layout } = this
    words[base + layout.HISTORY] = 0x9e3779b9
    words[base + layout.HISTORY + 1] = 0x85ebca6b
    for (let i = 0; i < state.length; i++) this.mix(state.charCodeAt(i))
  }

  mix(value) {
    const { words, base, layout } = this
    const at = base + layout.HISTORY
    words[at] = Math.imul(words[at] ^ value, 0x01000193) ^ (words[at] >>> 15)
    words[at + 1] = Math.imul(words[at + 1] + value, 0x5bd1e995) ^ (words[at + 1] >>> 13)
  }

  log(access, memory, word, operand, result) {
    const { words, base, layout } = this
    const count = words[base + layout.LOGGED]++
    if (count >= layout.LOG_MAX) throw new Error('an endless schedule')
    words.set(
      [this.accesses.get(access), memory, word, operand, result],
      base + layout.LOG + count * layout.ENTRY,
    )
    this.mix(this.accesses.get(access))
    this.mix(word)
    this.mix(result)
  }

  /** Gives a view of the same memory whose accesses stop at the gate. Below `firstByte` lie words for atomic operations only. */
  watch(view, firstByte) {
    const wordsOf = view.BYTES_PER_ELEMENT / 4
    const plain = (access, key, value, result) => {
      if (this.isOpen) return
      if (Number(key) * view.BYTES_PER_ELEMENT < firstByte)
        throw new Error(`${access} of word ${key}, which is atomic`)
      if (this.plainCount === 0) this.pass(access, -1, -1)
      else if (this.plainCount++ > PLAIN_MAX) throw new Error('it reads records for ever')
      return () => this.log(access, this.numbers.get(view.buffer), Number(key) * wordsOf, value, result())
    }
    const isIndex = (key) => typeof key === 'string' && /^-?\d+$/.test(key)
    const proxy = new Proxy(view, {
      get: (target, key) => {
        if (!isIndex(key)) return Reflect.get(target, key, target)
        plain('plain read', key, 0, () => target[key])?.()
        return target[key]
      },
      set: (target, key, value) => {
        const log = plain('plain write', key, value, () => value)
        target[key] = value
        log?.()
        return true
      },
    })
    this.targets.set(proxy, view)
    return proxy
  }

  /** `later` puts a callback into the thread's event loop. */
  patchAtomics(later) {
    for (const [name, original] of Object.entries({ load, store, exchange, add, compareExchange }))
      Atomics[name] = (view, word, ...operands) =>
        this.atomic(name, view, word, operands.at(-1) ?? 0, (target) => original(target, word, ...operands))
    Atomics.notify = (view, word) =>
      this.atomic('notify', view, word, 0, (target) => this.notifySleeper(target))
    Atomics.waitAsync = (view, word, value) => {
      const isSame = this.atomic('wait', view, word, value, (target) => this.sleepIfSame(target, word, value))
      // biome-ignore lint/suspicious/noThenProperty: a promise would resolve in the real event loop
      return isSame === 1 ? { async: true, value: { then: later } } : { async: false, value: 'not-equal' }
    }
  }

  atomic(access, view, word, operand, act) {
    const target = this.targets.get(view) ?? view
    const memory = this.numbers.get(target.buffer)
    if (memory === undefined) return act(target)
    if (!this.isOpen) this.pass(access, memory, word)
    const result = act(target)
    if (!this.isOpen) this.log(access, memory, word, operand, result)
    return result
  }

  sleepIfSame(target, word, value) {
    if (load(target, word) !== value) return 0
    this.words[this.base + this.layout.SLEEP] = this.sleep.ASLEEP
    return 1
  }

  /** A bell has one owner: at most one thread sleeps on it. */
  notifySleeper(target) {
    const owner = this.bells.indexOf(this.numbers.get(target.buffer))
    const at = owner * this.layout.WORDS + this.layout.SLEEP
    if (this.isOpen || this.words[at] !== this.sleep.ASLEEP) return 0
    this.words[at] = this.sleep.NOTIFIED
    return 1
  }
}
