// Where a dead letter goes on: at the stage or sink that gave it up, as its header `millrace-stage` says. What lies before that
// has been done with it already.

/** The header that says who gave a message up: the name of a map thread or of a sink. */
export const STAGE_HEADER = 'millrace-stage'

export class Places {
  private readonly stages: readonly string[]
  private readonly sinks: readonly string[]

  constructor(stages: readonly string[], sinks: readonly string[]) {
    this.stages = stages
    this.sinks = sinks
  }

  /** All names, in their order. */
  get names(): readonly string[] {
    return [...this.stages, ...this.sinks]
  }

  /**
   * Gives the number of the first stage that is to handle it: that of the stages is past all of them. A dead letter that names
   * no place begins at the first one; undefined for a place that the topology does not have.
   */
  firstStage(place: string | undefined): number | undefined {
    if (place === undefined) return 0
    if (this.stages.includes(place)) return this.stages.indexOf(place)
    if (this.sinks.includes(place)) return this.stages.length
    // A map thread: there were more of them, or fewer, when the letter was written.
    const stage = this.stages.indexOf(place.replace(/-\d+$/, ''))
    return stage === -1 ? undefined : stage
  }
}
