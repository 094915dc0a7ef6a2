// What a store and its host process say to each other, one question at a time.

export type Entries = readonly (readonly [key: string, value: Uint8Array])[]

/** null deletes a key. Each key is there once. */
export type Changes = readonly (readonly [key: string, value: Uint8Array | null])[]

/** Of the store. That it hangs up is the end. */
export type ToHost = { put: Changes }

/** Of the host: the first says what came of opening, each other one answers a `put`. `entries`: it was broken, but these are whole. */
export type FromHost =
  | { kind: 'opened'; entries: Entries }
  | { kind: 'broken'; reason: string; entries?: Entries }
  | { kind: 'refused'; reason: string }
  | { kind: 'durable' }
  | { kind: 'failed'; reason: string }
  | { kind: 'fenced' }
