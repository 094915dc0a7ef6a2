/** What order is kept: none; that of the messages with the same keys; that of the source. */
export type Order = 'none' | 'key' | 'source'
