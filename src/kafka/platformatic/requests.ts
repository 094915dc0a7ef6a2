// Requests of the protocol in the highest version that both sides know.

import { KafkaError } from '../kafka-error.js'
import type { BaseClient, Platformatic, RequestModule } from './client.js'

/** Gives `fetchV17` and the like: of the versions from `least` to `most`, which are alike in arguments and answer. */
export async function requestOf<Found extends RequestModule<never>>(
  package_: Platformatic,
  client: BaseClient,
  name: string,
  least: number,
  most: number,
): Promise<Found> {
  const known = (await client.listApis()).find((api) => api.name === name)
  const lowest = Math.max(least, known?.minVersion ?? 0)
  for (let version = Math.min(most, known?.maxVersion ?? -1); version >= lowest; version--) {
    const found = (package_ as unknown as Record<string, Found | undefined>)[
      `${name[0].toLowerCase()}${name.slice(1)}V${version}`
    ]
    if (found !== undefined) return found
  }
  throw new KafkaError('unusable', `the broker and the client have no version of ${name} in common`)
}
