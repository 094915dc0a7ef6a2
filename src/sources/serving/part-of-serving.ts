// What each of several threads has of what may be in work.

import { partOf } from '../../kernel/part-of.js'
import { partFor } from '../requests/part-for.js'
import type { SourceThread } from '../source.js'
import type { ServingSettings } from './settings.js'

/** Gives the settings with the part of a thread. */
export function partOfServing(settings: ServingSettings, thread: SourceThread | undefined): ServingSettings {
  if (thread === undefined) return settings
  const { concurrency, classes } = settings
  const part = (total: number) => partOf(total, thread.count)
  return {
    ...partFor(settings, thread),
    concurrency: concurrency && { min: part(concurrency.min), max: part(concurrency.max) },
    classes: classes.map((each) => ({ ...each, inFlight: part(each.inFlight) })),
  }
}
