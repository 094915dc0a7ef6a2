import { expect, test } from 'vitest'
import type { BaseClient, Platformatic, RequestModule } from '../../../../src/kafka/platformatic/client.js'
import { requestOf } from '../../../../src/kafka/platformatic/requests.js'

/** Of a client that has these versions, and a broker that takes some. */
const chosen = (versions: readonly number[], [minVersion, maxVersion]: readonly number[]) => {
  const modules = Object.fromEntries(versions.map((version) => [`fetchV${version}`, { api: { version } }]))
  const client = { listApis: async () => [{ name: 'Fetch', minVersion, maxVersion }] }
  return requestOf<RequestModule<never>>(
    modules as unknown as Platformatic,
    client as unknown as BaseClient,
    'Fetch',
    13,
    17,
  ).then(({ api }) => api.version)
}

test('the highest version that both know, and whose answer is known here', async () => {
  expect(await chosen([13, 14, 15, 16, 17], [4, 17])).toBe(17)
  expect(await chosen([13, 14, 15], [4, 17])).toBe(15)
  expect(await chosen([13, 14, 15, 16, 17], [4, 16])).toBe(16)
  expect(await chosen([13, 17, 18, 19], [4, 20])).toBe(17)
  for (const [versions, range] of [
    [[12], [4, 17]],
    [[13], [4, 12]],
    [[13], [14, 17]],
    [[18], [18, 19]],
  ])
    await expect(chosen(versions, range)).rejects.toMatchObject({ kind: 'unusable' })
})
