import { describe, expect, it } from 'vitest'
import { type AdminOptions, adminOptionsOf, isLoopback } from '../../../src/admin/admin-options.js'

describe('the options of the admin port', () => {
  it('are none where nobody asks for a port', () => {
    expect(adminOptionsOf(undefined, undefined)).toBeUndefined()
  })

  it('listen on this machine only, unless they say otherwise', () => {
    expect(adminOptionsOf({ port: 9_000 }, undefined)).toMatchObject({ port: 9_000, host: '127.0.0.1' })
    expect(adminOptionsOf(undefined, { port: 0 })).toMatchObject({ port: 0, host: '127.0.0.1' })
  })

  it('are those of the start over those of the topology, field by field', () => {
    const topology = { port: 9_000, host: '0.0.0.0', tokenEnv: 'TOKEN' }
    expect(adminOptionsOf(topology, { port: 0 })).toEqual({ ...topology, port: 0, tokenFile: undefined })
    expect(adminOptionsOf(topology, { host: undefined })).toMatchObject(topology)
  })

  const wrong: [Partial<AdminOptions> | undefined, Record<string, unknown>, RegExp][] = [
    [undefined, { host: '127.0.0.1' }, /^admin\.port: got nothing, wanted a whole number from 0 to 65,535$/],
    [undefined, { port: 65_536 }, /^admin\.port: got 65536, wanted a whole number/],
    [undefined, { port: '9000' }, /^admin\.port: got "9000", wanted a whole number/],
    [undefined, { prot: 1 }, /^admin: unknown option prot; did you mean port\?/],
    [undefined, { port: 1, host: '' }, /^admin\.host: got "", wanted a text/],
    [undefined, { port: 1, tokenEnv: 7 }, /^admin\.tokenEnv: got 7, wanted a text/],
    [undefined, { port: 1, tokenEnv: 'A', tokenFile: 'b' }, /^admin: got both tokenEnv and tokenFile/],
    [undefined, { port: 1, host: '0.0.0.0' }, /^admin\.host: got "0\.0\.0\.0", wanted tokenEnv or tokenFile/],
    [{ port: 1 }, { host: '::' }, /^admin\.host: got "::", wanted tokenEnv or tokenFile/],
  ]
  for (const [topology, given, message] of wrong) {
    it(`are refused: ${JSON.stringify(given)}`, () => {
      const refused = () => adminOptionsOf(topology as AdminOptions, given as Partial<AdminOptions>)
      expect(refused).toThrow(
        expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringMatching(message) }),
      )
    })
  }

  it('know which addresses are only this machine', () => {
    for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '::1'])
      expect(isLoopback(host), host).toBe(true)
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.evil.example', '127.0.0.1.evil.example', ''])
      expect(isLoopback(host), host).toBe(false)
  })
})
