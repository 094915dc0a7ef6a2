// The handler of a script's stage: every way to answer, to fail and to kill one's thread that there is.

import type { Random } from '../../kernel/clock.js'
import type { Message } from '../../kernel/message.js'
import type { MapHandler, MapOutput, MapResult, Output } from '../../topology/types.js'
import type { World } from '../world.js'
import type { Ledger } from './ledger.js'
import { newKeysOf, type StageNature, stageNature, tagsOf } from './nature.js'
import type { Script, StageScript } from './script.js'
import { valueNamed } from './texts.js'

export type ScriptWorld = { script: Script; world: () => World; ledger: () => Ledger; random: Random }

export function scriptedHandler(at: ScriptWorld, stage: StageScript): MapHandler {
  return (message) => {
    const name = at.ledger().nameOf(message)
    const nature = stageNature(at.script, stage, name)
    if (at.script.cancelRate > 0 && nature.isAsync) listen(at, message)
    if (mustKill(at, stage, message, name, nature.kills)) return killed(at, nature.isAsync)
    const fails = message.attempt <= nature.fails
    const act = () => {
      if (fails && nature.form !== 'asyncStream') throw failure()
      return resultOf(at.script, stage, message, nature, fails)
    }
    return nature.isAsync ? Promise.resolve().then(act) : act()
  }
}

function listen(at: ScriptWorld, message: Message): void {
  const { signal } = message
  signal.addEventListener('abort', () => at.ledger().aborted(message, signal.reason))
}

/** Makes of a message what the stage's own handler makes, and neither fails nor kills; in another sequence where none is promised. */
export function standIn(at: ScriptWorld, stage: StageScript): MapHandler {
  return (message) => {
    const nature = stageNature(at.script, stage, at.ledger().nameOf(message))
    const isOrdered = at.script.order !== 'none'
    const children = isOrdered ? nature.children : nature.children && [...nature.children].reverse()
    const result = resultOf(at.script, stage, message, { ...nature, children }, false)
    return nature.isAsync ? Promise.resolve(result) : result
  }
}

/** Ends the thread, at once or some time later; who waits for the promise waits in vain. */
export function killed(at: ScriptWorld, isAsync: boolean): Promise<never> {
  if (isAsync) return at.world().dieLater()
  at.world().die()
  return at.world().never
}

/** A short error without a stack: it travels in headers, and mailboxes are small here. */
export function failure(): Error {
  const error = new Error('no')
  error.stack = undefined as unknown as string
  return error
}

function mustKill(
  at: ScriptWorld,
  stage: StageScript,
  message: Message,
  name: string,
  kills: number,
): boolean {
  if (kills === 0) return false
  const giving = at.ledger().givingOf(message)
  const deaths = giving?.callsOf(stage.name, name).filter(({ hasKilled }) => hasKilled).length ?? 0
  if (deaths >= kills) return false
  const call = giving?.callsOf(stage.name, name).at(-1)
  if (call !== undefined) call.hasKilled = true
  return true
}

function resultOf(
  script: Script,
  stage: StageScript,
  message: Message,
  { children, form }: StageNature,
  fails: boolean,
): MapResult {
  if (children === undefined) return message
  const outputs = children.map((child) => outputOf(script, stage, child))
  if (form === 'value' && children.length === 1 && !stage.rekey) return valueNamed(children[0])
  if (form === 'stream') return streamOf(outputs)
  if (form === 'asyncStream') return asyncStreamOf(outputs, fails)
  if (outputs.length === 0) return undefined
  return outputs.length === 1 ? outputs[0] : outputs
}

function outputOf(script: Script, stage: StageScript, name: string): Output {
  const tags = tagsOf(script, stage.name, name)
  return {
    value: valueNamed(name),
    ...(tags !== undefined && { tags }),
    ...(stage.rekey && { keys: newKeysOf(script, name) }),
  }
}

function* streamOf(outputs: readonly MapOutput[]): Iterable<MapOutput> {
  yield* outputs
}

/** Fails in the middle: what was committed of it is not made again. */
async function* asyncStreamOf(outputs: readonly MapOutput[], fails: boolean): AsyncIterable<MapOutput> {
  yield* outputs.slice(0, Math.ceil(outputs.length / 2))
  if (fails) throw failure()
  yield* outputs.slice(Math.ceil(outputs.length / 2))
}
