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

/** What is used of the client's reader. Its arrays pass over the tags behind each element. */
export type Reader = {
  readonly buffer: { slice(from: number, to: number): Buffer }
  readonly position: number
  skip(bytes: number): void
  readInt16(): number
  readInt32(): number
  readInt64(): bigint
  readUUID(): string
  readUnsignedVarInt(): number
  readArray<Element>(read: (reader: Reader) => Element): Element[]
  readNullableArray<Element>(read: (reader: Reader) => Element): Element[] | null
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
  const responses = reader.readArray((topic) => ({
    topicId: topic.readUUID(),
    partitions: topic.readArray(partitionOf),
  }))
  return { errorCode, responses }
}

function partitionOf(reader: Reader): FetchedPartition {
  const partition = {
    partitionIndex: reader.readInt32(),
    errorCode: reader.readInt16(),
    highWatermark: reader.readInt64(),
    lastStableOffset: reader.readInt64(),
    logStartOffset: reader.readInt64(),
    abortedTransactions:
      reader.readNullableArray((aborted) => ({
        producerId: aborted.readInt64(),
        firstOffset: aborted.readInt64(),
      })) ?? [],
    preferredReplica: reader.readInt32(),
  }
  return { ...partition, records: recordsOf(reader) }
}

/** Behind their length plus one; 0 for none. */
function recordsOf(reader: Reader): Buffer {
  const length = reader.readUnsignedVarInt() - 1
  if (length <= 0) return NO_RECORDS
  const { position } = reader
  const bytes = reader.buffer.slice(position, position + length)
  reader.skip(length)
  return bytes
}
