// How many registers the cells of actors have: what an actor must remember over its death, beside its mailboxes (C1).

/**
 * Of a reader: next sequence, read, acked, nacked; where a successor goes on: 1 once that is known, partition, and two halves of
 * the offset (R2).
 */
export const READER_REGISTERS = 8
export const RESUME_REGISTER = 4

/** Of a mapper, for its open expansion: number of the inbound + 1 (0 for none), position, count, two halves of a share (C5). */
export const MAPPER_REGISTERS = 5
