// The actors of the schedules, written as those of a topology are: a producer, a consumer, and a relay from the one to the other.
// A record carries its stream and its number three times over, so that one that is torn, skipped or doubled shows.

const LENGTH = 0
const KIND = 1
const STATE = 2
const MARK_DOUBLE = 2
const PAYLOAD = 8
const MESSAGE = 1
const MORE = 2 ** 20

/** `role.kind` is 'producer', 'consumer' or 'relay'. */
export function createActor(role, parts) {
  const actor = { producer: Producer, consumer: Consumer, relay: Relay }[role.kind]
  return new actor(role, parts)
}

/** Writes the payload of a claimed record. */
export function fill({ words, doubles }, at, length, stream, number) {
  words[at + LENGTH] = length
  words[at + KIND] = MESSAGE
  words[at + STATE] = 0
  doubles[(at >>> 1) + MARK_DOUBLE] = 0
  words[at + PAYLOAD] = stream
  words[at + PAYLOAD + 1] = number
  words[at + PAYLOAD + 2] = ~number
}

/** Throws unless the record is the one that must come now. */
function verify(words, at, stream, number) {
  const read = [words[at + PAYLOAD], words[at + PAYLOAD + 1], words[at + PAYLOAD + 2]]
  if (read[0] === stream && read[1] === number && read[2] === ~number) return
  const what = read[0] !== stream ? 'not written yet' : read[1] !== ~read[2] ? 'torn' : 'another one'
  throw new Error(`record ${number} of stream ${stream} is ${what}: it reads ${read.join(', ')}`)
}

class Part {
  constructor(role, { cell, inbounds, outbounds, report }) {
    this.name = role.kind
    this.role = role
    this.cell = cell
    this.inbounds = inbounds
    this.outbounds = outbounds
    this.report = report
    this.placed = role.outbounds[0]?.placed ?? 0
    this.taken = inbounds.map(() => 0)
  }

  ring() {
    this.cell.ring()
  }

  dueMs() {
    return Number.POSITIVE_INFINITY
  }

  /** Places the next record, or asks for space. */
  place(stream) {
    const [outbound] = this.outbounds
    const { lengths } = this.role.outbounds[0]
    const length = lengths[this.placed % lengths.length]
    const at = outbound.claim(length)
    if (at === -1) {
      outbound.want()
      return false
    }
    fill(outbound.ring, at, length, stream, this.placed++)
    return true
  }

  /** Reads and settles the record that was found. */
  accept(index) {
    const inbound = this.inbounds[index]
    const position = inbound.take()
    const { words } = inbound.ring
    verify(words, inbound.ring.wordAt(position), this.role.inbounds[index].stream, this.taken[index]++)
    inbound.settle(position, this.cell.pending)
  }

  commit() {
    this.cell.commit()
    this.report(
      this.placed,
      this.taken.reduce((sum, each) => sum + each, 0),
    )
  }
}

class Producer extends Part {
  step() {
    const { count, stepMax, outbounds } = this.role
    let work = 0
    while (work < stepMax && this.placed < count && this.place(outbounds[0].stream)) work++
    if (work > 0) this.commit()
    return work === stepMax && this.placed < count ? work + MORE : work
  }
}

class Consumer extends Part {
  step() {
    let work = 0
    for (let i = 0; i < this.inbounds.length; i++) for (; this.inbounds[i].peek(); work++) this.accept(i)
    if (work > 0) this.commit()
    return work
  }
}

class Relay extends Part {
  step() {
    let work = 0
    for (; this.inbounds[0].peek() && this.place(this.role.outbounds[0].stream); work++) this.accept(0)
    if (work > 0) this.commit()
    return work
  }
}
