// A source of one's own: made-up readings of ten sensors. It gives again what is nacked, after the delay.
// The constructor runs on every thread, as it is called where the module is loaded: the work begins in `open`.

const SENSORS = 10
const IDLE_MS = 10

export class ReadingsSource {
  name = 'readings'
  ordered = true
  #count
  #next = 0
  /** Nacked readings, with the time from which on they may be given again. */
  #again = []

  constructor(count) {
    this.#count = count
  }

  /** What `pending` begins with. */
  get total() {
    return this.#count
  }

  open({ log, resume }) {
    if (resume !== undefined) this.#next = Number(resume.offset)
    log.debug(`${this.#count - this.#next} readings to give`)
  }

  /** At most `max` records; an empty list for none now, null for the end. */
  async read(max) {
    const records = this.#due(max)
    while (records.length < max && this.#next < this.#count) records.push(recordOf(this.#next++))
    if (records.length > 0) return records
    if (this.#again.length === 0) return null
    // It need not wait longer: an empty list is asked again.
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    return []
  }

  nack(nacks) {
    for (const { offset, delayMs } of nacks)
      this.#again.push({ index: Number(offset), dueMs: Date.now() + delayMs })
  }

  pending() {
    return this.#count - this.#next + this.#again.length
  }

  #due(max) {
    const nowMs = Date.now()
    const due = this.#again.filter(({ dueMs }) => dueMs <= nowMs).slice(0, max)
    this.#again = this.#again.filter((each) => !due.includes(each))
    return due.map(({ index }) => recordOf(index))
  }
}

function recordOf(index) {
  const sensor = `sensor-${index % SENSORS}`
  return { offset: index, keys: [sensor], value: JSON.stringify({ sensor, celsius: 20 + (index % 17) / 10 }) }
}
