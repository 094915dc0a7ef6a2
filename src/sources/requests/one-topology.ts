// A source is open for one topology: the one that opened it last would get what was meant for the others, who would wait for ever.

import { MillraceError } from '../../kernel/failure.js'

export class OneTopology {
  private readonly name: string
  private isTaken = false

  /** `name`: that of the source, which is that of its factory. */
  constructor(name: string) {
    this.name = name
  }

  /** Throws ERR_OPEN where it is open already; gives it back where opening fails. */
  async open(begin: () => Promise<void>): Promise<void> {
    const { name } = this
    if (this.isTaken)
      throw new MillraceError(
        'ERR_OPEN',
        `${name}: it is open for a topology already: make one for each with ${name}(…)`,
      )
    this.isTaken = true
    try {
      await begin()
    } catch (error) {
      this.isTaken = false
      throw error
    }
  }

  close(): void {
    this.isTaken = false
  }
}
