// The model of a script: what is made of a record, and where each of these goes. It says what an acked record lacks (I1), and whether
// what came to the fallback, or was nacked, had a reason.

import { matches } from '../../topology/route.js'
import type { Ledger } from './ledger.js'
import type { Giving, OfferEntry } from './ledger-types.js'
import { stageNature, tagsOf } from './nature.js'
import type { Script, SinkScript, StageScript } from './script.js'

const NEVER = Number.POSITIVE_INFINITY

export class Coverage {
  /** Messages that were dropped or filtered by a decision, of roots that are acked. */
  readonly decided = { dropped: 0, filtered: 0 }
  private readonly script: Script
  private readonly ledger: Ledger

  constructor(script: Script, ledger: Ledger) {
    this.script = script
    this.ledger = ledger
  }

  /** Gives what of a record was taken by nobody; undefined where all of it was. */
  missing(giving: Giving): string | undefined {
    const number = Number(giving.position.split(':')[1])
    const name = String(number)
    if (this.gaveUp(giving, name, undefined, 'nacked')) return undefined
    return this.missingAt(giving, name, tagsOf(this.script, 'source', name) ?? [], 0)
  }

  /** Gives the branches that a message has come through before a stage: order is promised within them only. */
  pathOf(message: string, level: number): string {
    const parts = message.split('/')
    let name = parts[0]
    let tags: readonly string[] = tagsOf(this.script, 'source', name) ?? []
    const path: string[] = []
    for (let before = 0; before < level; before++) {
      const stage = stageFor(this.script, before, tags)
      if (stage === undefined) break
      if (stage.isBranch) path.push(stage.name)
      if (stageNature(this.script, stage, name).children === undefined) continue
      const child = parts.slice(0, name.split('/').length + 1).join('/')
      tags = tagsAfter(this.script, stage, name, child, tags)
      name = child
    }
    return path.join(' ')
  }

  /** Tells whether anybody may have nacked any of a record. */
  mayNack(giving: Giving): boolean {
    for (const offers of giving.offers.values()) {
      if (offers.some(({ outcome }) => outcome === 'nack')) return true
    }
    const { stages } = this.script
    for (const key of giving.calls.keys()) {
      const [where, name] = key.split('|')
      const stage = stages.find((each) => each.name === where) as StageScript
      if (stage.onExhausted === 'nack' && this.failures(giving, stage, name) >= stage.attempts) return true
    }
    for (const key of giving.offers.keys()) {
      const [where, name] = key.split('|')
      const sink = this.sinkNamed(where)
      if (sink.onExhausted === 'nack' && this.ledger.offers.failures(giving, where, name) >= sink.attempts)
        return true
    }
    return false
  }

  /** Gives what is wrong with a message that came to the fallback: an innocent must not get there. */
  unjustified(giving: Giving, { name, from, reason = '' }: OfferEntry): string | undefined {
    const { maxDeliveries, stages, poisonAfter } = this.script
    const what = `${name} of ${giving.title} came to the fallback from ${from ?? 'the routes or the reader'} (${reason})`
    if (from === undefined) {
      if (reason.startsWith('nacked '))
        return giving.delivery >= maxDeliveries ? undefined : `${what} after ${giving.delivery} nacks`
      return this.script.routes.some(({ to }) => [to].flat().includes('fallback'))
        ? undefined
        : `${what}, and no route leads there`
    }
    const stage = stages.find((each) => isOf(from, each))
    if (stage !== undefined) {
      const deaths = giving.callsOf(stage.name, name).filter(({ hasDiedAlone }) => hasDiedAlone).length
      if (reason.startsWith('poison'))
        return deaths >= poisonAfter ? undefined : `${what} after ${deaths} deaths alone`
      const failures = this.failures(giving, stage, name)
      return stage.onExhausted === 'fallback' && failures >= stage.attempts
        ? undefined
        : `${what} after ${failures} failures`
    }
    const sink = this.sinkNamed(from)
    const offers = giving.offersOf(from, name)
    const deaths = offers.filter(({ hasDiedAlone }) => hasDiedAlone).length
    if (reason.startsWith('poison'))
      return deaths >= poisonAfter ? undefined : `${what} after ${deaths} deaths alone`
    if (offers.some(({ outcome }) => outcome === 'fallback')) return undefined
    const failures = this.ledger.offers.failures(giving, from, name)
    return sink.onExhausted === 'fallback' && failures >= sink.attempts
      ? undefined
      : `${what} after ${failures} failures`
  }

  private missingAt(
    giving: Giving,
    name: string,
    tags: readonly string[],
    number: number,
  ): string | undefined {
    const stage = stageFor(this.script, number, tags)
    if (stage === undefined) return this.missingAtSinks(giving, name, tags)
    if (this.gaveUp(giving, name, (from) => isOf(from, stage))) return undefined
    const nature = stageNature(this.script, stage, name)
    const mayDrop = stage.onExhausted === 'drop' && this.failures(giving, stage, name) >= stage.attempts
    const before = { ...this.decided }
    const missing =
      stage.degrade === undefined && (nature.fails === NEVER || nature.kills === NEVER)
        ? `${name} failed at ${stage.name}, and is nowhere`
        : this.missingChildren(giving, name, tags, stage)
    if (!mayDrop) return missing
    // Some of it may have been made, and the rest dropped: at least one drop was counted, if anything is not there.
    const isDropped = missing !== undefined || this.decided.dropped > before.dropped
    this.decided.dropped = before.dropped + (isDropped ? 1 : 0)
    this.decided.filtered = before.filtered
    return undefined
  }

  private missingChildren(
    giving: Giving,
    name: string,
    tags: readonly string[],
    stage: StageScript,
  ): string | undefined {
    const { children, form } = stageNature(this.script, stage, name)
    if (children === undefined) return this.missingAt(giving, name, tags, stage.level + 1)
    if (children.length === 0) {
      const isDone = giving
        .callsOf(stage.name, name)
        .some(({ hasFailed, endedMs, hasDied }) => endedMs !== undefined && !hasFailed && !hasDied)
      if (isDone && form !== 'asyncStream') this.decided.filtered++
      return isDone ? undefined : `${name} was never handled at ${stage.name}`
    }
    for (const child of children) {
      const own = tagsAfter(this.script, stage, name, child, tags)
      const missing = this.missingAt(giving, child, own, stage.level + 1)
      if (missing !== undefined) return missing
    }
    return undefined
  }

  private missingAtSinks(giving: Giving, name: string, tags: readonly string[]): string | undefined {
    const route = this.script.routes.find(({ when }) => matches(when, tags))
    for (const where of route === undefined ? ['sink'] : [route.to].flat()) {
      if (where === 'drop') this.decided.dropped++
      else {
        const missing = this.missingAtSink(giving, name, where)
        if (missing !== undefined) return missing
      }
    }
    return undefined
  }

  private missingAtSink(giving: Giving, name: string, where: string): string | undefined {
    const sink = this.sinkNamed(where)
    const offers = giving.offersOf(where, name)
    if (offers.some(({ outcome }) => outcome === 'ok' || outcome === 'serve')) return undefined
    const isPassedOn = offers.some(({ outcome }) => outcome === 'onSuccess')
    if (isPassedOn && this.missingAtSink(giving, name, 'onSuccess') === undefined) return undefined
    if (this.gaveUp(giving, name, (from) => from === where)) return undefined
    const failures = this.ledger.offers.failures(giving, where, name)
    if (sink.onExhausted === 'drop' && failures >= sink.attempts) {
      this.decided.dropped++
      return undefined
    }
    return `${name} was not written by ${where} (${offers.map(({ outcome }) => outcome).join(', ') || 'never offered'})`
  }

  /** Tells whether a message was taken by the fallback sink, from whom, or why. */
  private gaveUp(
    giving: Giving,
    name: string,
    isFrom: ((from: string) => boolean) | undefined,
    reason = '',
  ): boolean {
    return giving
      .offersOf('fallback', name)
      .some((offer) =>
        offer.outcome === 'ok' || offer.outcome === 'serve'
          ? isFrom === undefined
            ? offer.from === undefined && (offer.reason ?? '').startsWith(reason)
            : offer.from !== undefined && isFrom(offer.from)
          : false,
      )
  }

  /** Failed attempts at a stage, as its actor may have counted them. */
  private failures(giving: Giving, stage: StageScript, name: string): number {
    return giving.callsOf(stage.name, name).filter(({ hasFailed, startedMs, endedMs }) => {
      return hasFailed || (endedMs ?? this.ledger.options.now()) - startedMs >= stage.timeoutMs
    }).length
  }

  private sinkNamed(name: string): SinkScript {
    const { sinks, fallback, onSuccess } = this.script
    return [...sinks, fallback, onSuccess].find((each) => each?.name === name) as SinkScript
  }
}

/** Gives the stage, or the branch of it, that a message with these tags comes to; undefined behind the last stage. */
function stageFor({ stages }: Script, level: number, tags: readonly string[]): StageScript | undefined {
  return stages.find((each) => each.level === level && (each.when === undefined || matches(each.when, tags)))
}

/** Gives the tags of a message that a stage has made of another. */
function tagsAfter(
  script: Script,
  stage: StageScript,
  name: string,
  child: string,
  tags: readonly string[],
): readonly string[] {
  const { children, form } = stageNature(script, stage, name)
  const isBare = form === 'value' && children?.length === 1 && !stage.rekey
  return isBare ? tags : (tagsOf(script, stage.name, child) ?? tags)
}

/** Tells whether an actor's name is one of a stage's. */
function isOf(actor: string, { name }: StageScript): boolean {
  return actor === name || actor.startsWith(`${name}-`)
}
