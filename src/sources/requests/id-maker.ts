// Makes ids for messages whose clients gave none. They are different in every life of a source, and cheap: a beginning that
// nobody can guess, and a number. Who has seen one could guess the next: so nobody may give an id that begins like ours.

import { randomBytes } from 'node:crypto'

const BEGINNING_BYTES = 12

export class IdMaker {
  private readonly beginning = `${randomBytes(BEGINNING_BYTES).toString('base64url')}-`
  private count = 0

  next(): string {
    return this.beginning + (this.count++).toString(36)
  }

  /** Tells whether an id could be one of ours. */
  isOurs(id: string): boolean {
    return id.startsWith(this.beginning)
  }
}
