// What is used of libraries that come without types.

declare module 'snappyjs' {
  const snappy: {
    compress(data: Uint8Array): Uint8Array
    uncompress(data: Uint8Array): Uint8Array
  }
  export default snappy
}

declare module 'lz4js' {
  const lz4: {
    compressBound(length: number): number
    /** Gives how many bytes it wrote, 0 where it found nothing to compress. */
    compressBlock(from: Uint8Array, to: Uint8Array, at: number, length: number, hashes: Uint32Array): number
    decompress(data: Uint8Array): Uint8Array
  }
  export default lz4
}
