// What a scripted message does at a stage, and at a sink: decided by the seed and its name alone, so that a redo gives the same.

import type { SourceRecord } from '../../sources/source.js'
import type { Script, SinkScript, StageScript } from './script.js'
import { chanceOf, hashOf, valueNamed } from './texts.js'

export type StageNature = {
  /** Names of what is made of it; undefined: the message itself is returned. */
  children: readonly string[] | undefined
  form: 'value' | 'objects' | 'stream' | 'asyncStream'
  isAsync: boolean
  /** So many attempts fail. */
  fails: number
  /** So often it kills its thread. */
  kills: number
}

export type SinkNature = {
  outcome: 'ok' | 'serve' | 'onSuccess' | 'fallback'
  fails: number
  /** True where it was written before it failed. */
  writesAndFails: boolean
  holds: number
  /** In so many deliveries it is nacked. */
  nacks: number
  kills: number
}

const NEVER = Number.POSITIVE_INFINITY

/** Tells what a message is at a stage. */
export function stageNature(script: Script, stage: StageScript, name: string): StageNature {
  const chance = (what: string) => chanceOf(script.seed, stage.name, what, name)
  const isOdd = chance('odd') < stage.oddRate
  const count = isOdd ? [0, 0, 2, 3, 4, 10][Math.floor(chance('count') * 6)] : 1
  const form = (['objects', 'objects', 'stream', 'asyncStream'] as const)[Math.floor(chance('form') * 4)]
  const mayFail = isOdd && chance('fails') < 0.4
  const always = Number.isFinite(stage.attempts)
  return {
    children:
      count === 1 && chance('same') < 0.2
        ? undefined
        : Array.from({ length: count }, (_, i) => `${name}/${i}`),
    form: count === 1 && chance('form') < 0.8 ? (chance('bare') < 0.5 ? 'value' : 'objects') : form,
    isAsync: chance('async') < 0.4,
    fails: mayFail ? failsOf(chance('how often'), always) : 0,
    kills: killsOf(script, chance('kills'), chance('how many')),
  }
}

/** Tells what a message is at a sink. */
export function sinkNature(script: Script, sink: SinkScript, name: string): SinkNature {
  const chance = (what: string) => chanceOf(script.seed, sink.name, what, name)
  const isOdd = chance('odd') < sink.oddRate
  const isMain = sink.name !== 'fallback' && sink.name !== 'onSuccess'
  const outcomes: SinkNature['outcome'][] = ['ok', 'ok', 'serve']
  if (isMain && script.onSuccess !== undefined) outcomes.push('onSuccess')
  if (isMain && script.fallback !== undefined) outcomes.push('fallback')
  const always = Number.isFinite(sink.attempts)
  return {
    outcome: isOdd ? outcomes[Math.floor(chance('outcome') * outcomes.length)] : 'ok',
    fails: isOdd && chance('fails') < 0.4 ? failsOf(chance('how often'), always) : 0,
    writesAndFails: chance('writes') < 0.2,
    // One that writes all or nothing, and nothing behind a hold, would never get on.
    holds: isOdd && !sink.atomic && chance('holds') < 0.2 ? 1 + Math.floor(chance('how long') * 2) : 0,
    nacks: isOdd && isMain && chance('nacks') < script.nackRate ? 1 : 0,
    kills: isMain ? killsOf(script, chance('kills'), chance('how many')) : 0,
  }
}

/** Gives the record with a number. */
export function recordOf(script: Script, number: number): SourceRecord {
  const name = String(number)
  const tags = tagsOf(script, 'source', name)
  const keys = keysOf(script, number)
  return {
    value: valueNamed(name),
    offset: number,
    ...(script.seed % 3 === 0 && { id: `r${number}` }),
    ...(keys.length > 0 && { keys }),
    ...(tags !== undefined && { tags }),
  }
}

/** Gives the keys of the record with a number. */
export function keysOf({ keyCount, seed }: Script, number: number): string[] {
  return keyCount === 0 || chanceOf(seed, 'keyless', number) < 0.1
    ? []
    : [`k${hashOf(seed, number) % keyCount}`]
}

/** Gives the tags that a message is given where it is made; undefined: those that it had. */
export function tagsOf({ seed, routes, stages }: Script, where: string, name: string): string[] | undefined {
  if (routes.length === 0 && !stages.some(({ isBranch }) => isBranch)) return undefined
  const tags = [
    'left',
    'right',
    'all',
    'both',
    'spare',
    'drop',
    'happy',
    'none',
    undefined,
    undefined,
    undefined,
  ]
  const tag = tags[hashOf(seed, where, 'tag', name) % tags.length]
  return tag === undefined ? undefined : tag === 'none' ? [] : [tag]
}

/** Gives the keys that a stage with `rekey` sets. */
export function newKeysOf({ seed }: Script, name: string): string[] {
  return [`n${hashOf(seed, 'rekey', name) % 2}`]
}

function failsOf(chance: number, mayAlways: boolean): number {
  if (chance < 0.4) return 1
  return chance < 0.7 || !mayAlways ? 2 : NEVER
}

function killsOf({ killRate }: Script, chance: number, howMany: number): number {
  if (chance >= killRate) return 0
  return [1, 2, NEVER][Math.floor(howMany * 3)]
}
