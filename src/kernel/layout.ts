// Where everything lies in shared memory: the only file with numeric offsets.
// "Word" is an index of an Int32Array, "double" of a Float64Array; a *position* is neither: it is a wrapping
// 32-bit count of bytes that only ever grows, compared by difference, and `position & mask` is its place in the ring.
//
// Mailbox (one SharedArrayBuffer)                      every hot word is alone in 128 bytes: no false sharing
//
//   byte 0      128             256         384      512          512 + 72 KiB             … + capacity
//   ├ tail ┄┄┄┄├ release ┊ tap ┄├ watermark ┄├ wanted ┄├ tap box ┄┄┄┄┄├ ring ═════════════════════════┤
//   writer:    producer    consumer     producer  both     consumer    producer, consumer words
//
//   tail       published: records below it exist (M2)        release   bytes below it may be written again (M5)
//   watermark  no sequence at or below it will follow (O3)   wanted    the producer waits for space
//   tap        somebody looks on, and wants copies of what is released, in the box (tap.ts); beside it, how much of each value
//
// Record (8-byte aligned, never wraps; a padding record ends the lap)
//
//   byte  0        4        8        12       16                24
//         ├ length ├ kind ┄┄├ state ┄├ attempt├ mark ┄┄┄┄┄┄┄┄┄┄┄├ due ┄┄┄┄┄┄┄┄┄┄┄┄┤   8..32: consumer words (M4)
//         32       36       40                48       52       56        60
//         ├ epoch ┄├ shape ┄├ sequence ┄┄┄┄┄┄┄├ shareLo├ shareHi├ metaBytes├ valueBytes┤
//         64                64 + metaBytes                      64 + metaBytes + valueBytes
//         ├ meta ┄┄┄┄┄┄┄┄┄┄┄├ value ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┤ + up to 7 bytes: length is a multiple of 8
//
//   kind  = record kind | outcome << 8 | route << 16 | text << 24    shape = lane (13 bits) | meta flags << 13
//   meta  = what the flags say is there, and nothing else (see codec.ts)
//
// Commit cell (one SharedArrayBuffer an actor): published word, what user code is called for (H1), two slots (C1)
//
//   byte 0                     128                                             128 + 2 slots
//   ├ published ┄├ handling ┄┄┄├ slot 0 ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄├ slot 1 ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄├ given, a word an inbound ┤
//   slot = number (double), watermark, one tail an outbound, one cursor an inbound, registers (doubles)

export const TAIL_WORD = 0
export const RELEASE_WORD = 32
export const WATERMARK_WORD = 64
export const WANTED_WORD = 96
/** In the consumer's cache line: it looks at it at each release. */
export const TAP_WORD = RELEASE_WORD + 1
export const TAP_CUT_WORD = RELEASE_WORD + 2
export const TAP_BOX_BYTE = 512
/** A value of 64 KiB with its record's head, and what most messages have beside it. Nobody touches it without a tap. */
export const TAP_BOX_BYTES = 72 * 1024
export const MAILBOX_HEADER_BYTES = TAP_BOX_BYTE + TAP_BOX_BYTES
export const CAPACITY_BYTES_MAX = 2 ** 30

// A record's words, counted from its first.
export const LENGTH = 0
export const KIND = 1
export const STATE = 2
export const ATTEMPT = 3
export const EPOCH = 8
export const SHAPE = 9
export const SHARE_LO = 12
export const SHARE_HI = 13
export const META_BYTES = 14
export const VALUE_BYTES = 15
// A record's doubles, counted from its first.
export const MARK_DOUBLE = 2
export const DUE_DOUBLE = 3
export const SEQUENCE_DOUBLE = 5
export const RECORD_HEADER_BYTES = 64

// The state word (M4).
export const STATE_BEGUN = 1
export const STATE_ALONE = 2
export const STATE_SUSPECT = 4
export const STATE_DELIVERIES_SHIFT = 8

export const LANE_BITS = 13
export const LANE_MASK = (1 << LANE_BITS) - 1

// The commit cell.
export const PUBLISHED_WORD = 0
/** What user code is called for now: number of the inbound plus 1 (0 for nothing), and position (H1). */
export const HANDLING_INBOUND_WORD = 8
export const HANDLING_POSITION_WORD = 9
/** User code runs for a batch, not for one record. */
export const HANDLING_BATCH = -1
/** Calls of user code whose promises are pending. */
export const CALLS_WORD = 10
export const SLOTS_BYTE = 128
export const SLOT_NUMBER_DOUBLE = 0
export const SLOT_WATERMARK_WORD = 2
export const SLOT_TAILS_WORD = 4

/** Gives the bytes of one slot of a commit cell, a multiple of 128. */
export function slotBytes(outboundCount: number, inboundCount: number, registerCount: number): number {
  const words = SLOT_TAILS_WORD + outboundCount + inboundCount
  return alignUp(alignUp(words * 4, 8) + registerCount * 8, 128)
}

/** Gives the first double of a slot's registers, counted from the slot's first. */
export function slotRegistersDouble(outboundCount: number, inboundCount: number): number {
  return alignUp((SLOT_TAILS_WORD + outboundCount + inboundCount) * 4, 8) / 8
}

/** Gives the bytes of a commit cell. */
export function cellBytes(outboundCount: number, inboundCount: number, registerCount: number): number {
  const slots = 2 * slotBytes(outboundCount, inboundCount, registerCount)
  return SLOTS_BYTE + slots + alignUp(inboundCount * 4, 128)
}

/** Gives the first of the words that say up to which position an inbound's records were given to user code. */
export function givenWord(outboundCount: number, inboundCount: number, registerCount: number): number {
  return (SLOTS_BYTE + 2 * slotBytes(outboundCount, inboundCount, registerCount)) >>> 2
}

// The doorbell (one SharedArrayBuffer a thread).
export const BELL_WORD = 0
export const PARKED_WORD = 32
export const DOORBELL_BYTES = 256

// The pulse (one SharedArrayBuffer a thread): who owns the thread's actors, and how often its loop has turned.
export const OWNER_WORD = 0
export const TURNS_WORD = 1
export const PULSE_BYTES = 128

// Cancellation (one SharedArrayBuffer a topology whose source cancels): how often it has, a word a listener, a ring of keys.
export const CANCEL_COUNT_WORD = 0
export const CANCEL_AWAITED_WORD = 32

/** Gives the first byte of the ring of keys, behind a word for each listener. */
export function cancelRingByte(listeners: number): number {
  return alignUp((CANCEL_AWAITED_WORD + listeners) * 4, 128)
}

// The lock of suspects (one SharedArrayBuffer a process): one word, who holds it.
export const ISOLATION_BYTES = 4

export function alignUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit
}
