import { expect, test } from 'vitest'
import type { Platformatic } from '../../../../src/kafka/platformatic/client.js'
import { platformaticDriver } from '../../../../src/kafka/platformatic/platformatic-driver.js'
import { CLIENTS } from './clients.js'

test.each(CLIENTS)(
  '$name has all that is used of it; one that has not says what is missing',
  async ({ load }) => {
    const client = await load()
    expect((await platformaticDriver(client)).name).toBe('platformatic')
    const other = { ...client, produceV8: undefined, Writer: undefined } as unknown as Platformatic
    await expect(platformaticDriver(other)).rejects.toThrow(
      'it has no Writer, produceV8: versions 1.35 and 2 have it',
    )
  },
)
