// The token that requests must carry: `Authorization: Bearer <token>`. It comes from the environment or from a file, which is read
// again when it has changed. Kept and compared as hashes, in constant time; never logged.

import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Clock, systemClock } from '../kernel/clock.js'
import { countText } from '../kernel/count-text.js'
import { MillraceError, messageOf } from '../kernel/failure.js'
import type { Log } from '../kernel/log.js'
import { fileVersion } from './file-version.js'

/** One of the two. */
export type TokenOptions = {
  /** Name of an environment variable. */
  tokenEnv?: string | undefined
  /** Path of a file with one token a line: any of them is good, so that a new one can be added before the old one goes. */
  tokenFile?: string | undefined
}

/** How often the file is looked at, at most. */
const LOOK_MS = 1_000
const FILE_BYTES_MAX = 65_536
const TOKENS_MAX = 16
const SCHEME = /^bearer +([\x21-\x7e]+) *$/i

export class BearerToken {
  private readonly where: string
  private readonly file: string | undefined
  private readonly log: Log
  private readonly clock: Clock
  private hashes: readonly Buffer[]
  private version = ''
  private lookedMs = 0
  private isUnreadable = false

  /** Reads the token. Throws ERR_CONFIG where there is none; `where` says whose it is. */
  constructor(where: string, { tokenEnv, tokenFile }: TokenOptions, log: Log, clock: Clock = systemClock) {
    this.where = where
    this.file = tokenFile
    this.log = log
    this.clock = clock
    this.hashes = tokenFile === undefined ? this.fromEnv(tokenEnv ?? '') : this.fromFile(tokenFile)
    this.lookedMs = clock.now()
  }

  /** Tells whether an Authorization header carries the token. */
  accepts(authorization: string | undefined): boolean {
    this.look()
    const token = SCHEME.exec(authorization ?? '')?.[1]
    if (token === undefined) return false
    const hash = hashOf(token)
    let isGood = false
    // All of them, always: how long it takes says nothing.
    for (const known of this.hashes) isGood = timingSafeEqual(hash, known) || isGood
    return isGood
  }

  private fromEnv(name: string): readonly Buffer[] {
    const text = process.env[name] ?? ''
    if (text.trim() === '') this.unusable(`tokenEnv: the environment variable ${name} is not set, or empty`)
    return this.tokensOf(text, `tokenEnv: the environment variable ${name}`)
  }

  private fromFile(path: string): readonly Buffer[] {
    let text: string
    let version: string
    try {
      version = fileVersion(path, FILE_BYTES_MAX)
      text = readFileSync(path, 'utf8')
    } catch (error) {
      this.unusable(`tokenFile: ${JSON.stringify(path)} cannot be read: ${messageOf(error)}`)
    }
    const tokens = this.tokensOf(text, `tokenFile: ${JSON.stringify(path)}`)
    // Only now: what could not be read or used is looked at again.
    this.version = version
    return tokens
  }

  /** Reads the file again where it has changed. One that cannot be used leaves the tokens as they were. */
  private look(): void {
    const { file } = this
    const nowMs = this.clock.now()
    if (file === undefined || nowMs - this.lookedMs < LOOK_MS) return
    this.lookedMs = nowMs
    try {
      if (fileVersion(file, FILE_BYTES_MAX) === this.version) return
      this.hashes = this.fromFile(file)
      this.isUnreadable = false
      this.log.info('the token file has changed, and was read again')
    } catch (error) {
      if (!this.isUnreadable) this.log.warn(`the token stays as it was: ${messageOf(error)}`)
      this.isUnreadable = true
    }
  }

  private tokensOf(text: string, what: string): readonly Buffer[] {
    const tokens = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
    if (tokens.length === 0) this.unusable(`${what} holds no token`)
    if (tokens.length > TOKENS_MAX)
      this.unusable(`${what} holds ${countText(tokens.length)} tokens, wanted at most ${TOKENS_MAX}`)
    if (!tokens.every((token) => /^[\x21-\x7e]+$/.test(token)))
      this.unusable(`${what} holds a token with characters that no header can carry, wanted visible ASCII`)
    return tokens.map(hashOf)
  }

  private unusable(what: string): never {
    throw new MillraceError('ERR_CONFIG', `${this.where}: ${what}`)
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
