// The answer to a fetch (versions 13 to 17), as the client's reader gives it, but for the records: they stay bytes.

export type FetchedPartition = {
  partitionIndex: number
  errorCode: number
  highWatermark: bigint
  lastStableOffset: bigint
  abortedTransactions: { producerId: bigint; firstOffset: bigint }[]
  records: Buffer
}

export type FetchResponse = {
  errorCode: number
  responses: { topicId: string; partitions: FetchedPartition[] }[]
}

/** What is used of the client's reader. */
export type Reader = {
  readonly buffer: { slice(from: number, to: number): Buffer }
  readonly position: number
  skip(bytes: number): void
  readInt16(): number
  readInt32(): number
  readInt64(): bigint
  readUUID(): string
  readUnsignedVarInt(): number
}

const NO_RECORDS = Buffer.alloc(0)

/** Errors stay where they are: the partitions that have none are read. */
export function parseFetchResponse(
  _correlationId: number,
  _api: number,
  _version: number,
  reader: Reader,
): FetchResponse {
  reader.readInt32() // throttle time: the broker has waited already
  const errorCode = reader.readInt16()
  reader.readInt32() // session: there is none
  return { errorCode, responses: listOf(reader, topicOf) }
}

function topicOf(reader: Reader): FetchResponse['responses'][number] {
  return { topicId: reader.readUUID(), partitions: listOf(reader, partitionOf) }
}

function partitionOf(reader: Reader): FetchedPartition {
  const partition = {
    partitionIndex: reader.readInt32(),
    errorCode: reader.readInt16(),
    highWatermark: reader.readInt64(),
    lastStableOffset: reader.readInt64(),
    logStartOffset: reader.readInt64(),
    abortedTransactions: listOf(reader, abortedOf),
    preferredReplica: reader.readInt32(),
  }
  return { ...partition, records: recordsOf(reader) }
}

function abortedOf(reader: Reader): FetchedPartition['abortedTransactions'][number] {
  return { producerId: reader.readInt64(), firstOffset: reader.readInt64() }
}

/** Behind their number plus one, 0 for none; each is followed by its tags. */
function listOf<Element>(reader: Reader, read: (reader: Reader) => Element): Element[] {
  const list: Element[] = []
  for (let left = lengthOf(reader) - 1; left > 0; left--) {
    list.push(read(reader))
    skipTags(reader)
  }
  return list
}

/**
 * A broker tells by a tag who leads what it does not lead. Earlier versions of the client take the number of tags for their
 * length, and read on in the wrong place.
 */
function skipTags(reader: Reader): void {
  for (let left = lengthOf(reader); left > 0; left--) {
    reader.readUnsignedVarInt() // which one
    reader.skip(lengthOf(reader))
  }
}

/** The client's reader makes a negative number of one that is too large. */
function lengthOf(reader: Reader): number {
  const length = reader.readUnsignedVarInt()
  if (length < 0) throw new RangeError(`a length of ${length} in the answer to a fetch`)
  return length
}

/** Behind their length plus one; 0 for none. */
function recordsOf(reader: Reader): Buffer {
  const length = lengthOf(reader) - 1
  if (length <= 0) return NO_RECORDS
  const { position } = reader
  const bytes = reader.buffer.slice(position, position + length)
  reader.skip(length)
  return bytes
}
