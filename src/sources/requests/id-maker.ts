// Makes ids for messages whose clients gave none. They are different in every life of a source, and cheap: a beginning that
// nobody can guess, and a number. Who has seen one could guess the next: so nobody may give an id that begins like ours, and one
// by which somebody may ask for a result has an end that nobody can guess.

import { randomBytes } from 'node:crypto'

const RANDOM_BYTES = 12

export class IdMaker {
  private readonly beginning = `${unguessable()}-`
  private count = 0

  next(): string {
    return this.beginning + (this.count++).toString(36)
  }

  /** One that is known to whoever was told it. */
  nextSecret(): string {
    return `${this.next()}-${unguessable()}`
  }

  /** Tells whether an id could be one of ours. */
  isOurs(id: string): boolean {
    return id.startsWith(this.beginning)
  }
}

function unguessable(): string {
  return randomBytes(RANDOM_BYTES).toString('base64url')
}
