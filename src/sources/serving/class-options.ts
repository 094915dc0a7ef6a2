// A class of requests: how much of what may be in work at once is its own.

export type ClassOptions = {
  /** Its share among the classes. Default 1. */
  weight?: number
  /** No more of it are in work at once, whatever the others leave. Default: no limit of its own. */
  inFlight?: number
}

export type ServingClass = Required<ClassOptions> & {
  readonly name: string
  /** Classes of one branch share its threads; others share nothing. */
  readonly branch: number
}
