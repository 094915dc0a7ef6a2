// What a codec does to the records of a batch.

export type Compression = {
  compress(data: Buffer): Uint8Array
  decompress(data: Buffer): Uint8Array
}

/** A batch that claims to be larger is refused: nobody writes such ones. */
export const BYTES_MAX = 268_435_456
