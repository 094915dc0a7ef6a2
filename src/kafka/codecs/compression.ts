// What a codec does to the records of a batch.

export type Compression = {
  compress(data: Buffer): Uint8Array
  /** What it may become is looked at before: see within-bytes.ts. */
  decompress(data: Buffer): Uint8Array
}
