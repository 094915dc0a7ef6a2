// The versions of @platformatic/kafka that this Node runs.

import type { Platformatic } from '../../../../src/kafka/platformatic/client.js'

type Client = Platformatic & { Reader: { from(bytes: Buffer | Buffer[]): unknown } }

/** Version 2 wants Node 22.22. */
const [major, minor] = process.versions.node.split('.').map(Number)
const hasVersion2 = major > 22 || (major === 22 && minor >= 22)

export const CLIENTS = (hasVersion2 ? [1, 2] : [1]).map((version) => ({
  name: `version ${version}`,
  load: async () => (await import(`platformatic-kafka-${version}`)) as Client,
}))
