// What is used of @platformatic/kafka, of its versions 1.35 and 2: the package is optional, and so are its types.

export type Broker = { host: string; port: number }

export type Metadata = {
  brokers: Map<number, Broker>
  topics: Map<string, { id: string; partitions: { leader: number }[]; partitionsCount: number }>
}

export type Connection = {
  readonly socket?: { destroy(): void }
  send(
    api: number,
    version: number,
    encode: () => unknown,
    parse: Parse,
    hasTagsInRequest: boolean,
    hasTagsInResponse: boolean,
    callback: (error: unknown, response: unknown) => void,
  ): void
}

/** Makes an answer's bytes an object. */
export type Parse = (correlationId: number, api: number, version: number, reader: never) => unknown

/** With what it has, by broker. */
export type Pool = Iterable<[broker: string, connection: Connection]> & {
  get(broker: Broker): Promise<Connection>
  close(): Promise<void>
}

type Listener = (payload: never) => void

export type BaseClient = {
  readonly connections: Pool
  metadata(options: { topics: string[]; metadataMaxAge?: number }): Promise<Metadata>
  clearMetadata(): void
  listApis(): Promise<{ name: string; minVersion: number; maxVersion: number }[]>
  close(force?: boolean): Promise<void>
  on(event: string, listener: Listener): void
}

export type Assignment = { topic: string; partitions: number[] }

export type GroupClient = BaseClient & {
  readonly generationId: number
  memberId: string | null
  topics: { track(topic: string): boolean }
  joinGroup(options: object): Promise<string>
  leaveGroup(force: boolean): Promise<void>
  commit(options: {
    offsets: { topic: string; partition: number; offset: bigint; leaderEpoch: number }[]
  }): Promise<void>
  listOffsets(options: {
    topics: string[]
    partitions: Record<string, number[]>
    timestamp: bigint
  }): Promise<Map<string, bigint[]>>
  listCommittedOffsets(options: { topics: Assignment[] }): Promise<Map<string, bigint[]>>
}

export type FetchTopic = {
  topicId: string
  partitions: {
    partition: number
    currentLeaderEpoch: number
    fetchOffset: bigint
    lastFetchedEpoch: number
    partitionMaxBytes: number
  }[]
}

export type ProduceResponse = {
  responses: {
    name: string
    partitionResponses: { index: number; errorCode: number; errorMessage?: string | null }[]
  }[]
}

/** A request of the protocol in one version. */
export type RequestModule<Args extends unknown[]> = {
  createRequest(...args: Args): unknown
  api: { version: number }
}

type Algorithm = {
  compressSync(data: Buffer | { buffer: Buffer }): Uint8Array
  decompressSync(data: Buffer | { buffer: Buffer }): Uint8Array
  available?: boolean
}

/** The package: its clients, its codecs, and each request in each version, like `fetchV17`. */
export type Platformatic = {
  Consumer: new (options: object) => GroupClient
  Producer: new (options: object) => BaseClient
  ConnectionPool: new (clientId: string, options: object) => Pool
  compressionsAlgorithms: Record<string, Algorithm>
  protocolErrorsCodesById: Record<number, string>
  Writer: { create(): { append(bytes: Buffer): unknown } }
  produceV8: { parseResponse: Parse }
}
