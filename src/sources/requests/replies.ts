// What clients are told: the answers of sinks, or why there is none. Counted as it is sent.

import type { ServerResponse } from 'node:http'
import { sendProblem } from '../../http/problem.js'
import { messageOf } from '../../kernel/failure.js'
import type { SourceAck } from '../source.js'
import { sendAnswer } from './answer.js'
import type { Exchange } from './exchange.js'
import { type Refusal, refusal } from './refusal.js'
import type { Tally } from './tally.js'

const CANNOT_BE_SENT = refusal(500, 'the answer cannot be sent')

export class Replies {
  /** True from a drain on: each is the last one of its connection. */
  areLast = false
  private readonly tally: Tally
  private readonly emptyStatus: 200 | 204

  /** `emptyStatus`: where nobody answered a message that was done. */
  constructor(tally: Tally, emptyStatus: 200 | 204) {
    this.tally = tally
    this.emptyStatus = emptyStatus
  }

  /** Gives who waits, if somebody still does, what there is. */
  answerWaiter(waiter: Exchange, answers: SourceAck['answers']): void {
    const { response, id } = waiter
    waiter.response = undefined
    if (response !== undefined) this.answer(response, id, answers)
  }

  /** Tells who waits, if somebody still does, why there is nothing. */
  refuseWaiter(waiter: Exchange, refusal: Refusal): void {
    const { response } = waiter
    waiter.response = undefined
    if (response !== undefined) this.say(response, refusal)
  }

  /** Answers with what sinks gave; with a 500 where that cannot be sent. */
  answer(response: ServerResponse, id: string, answers: SourceAck['answers']): void {
    try {
      sendAnswer(response, id, answers, this.emptyStatus, this.areLast)
      this.tally.count(response.statusCode)
    } catch (error) {
      this.tally.badAnswer(messageOf(error))
      this.say(response, CANNOT_BE_SENT)
    }
  }

  /** Says no, or why not. `ends`: its connection, too. */
  say(response: ServerResponse, { status, message, headers, detail, more }: Refusal, ends = false): void {
    this.tally.count(status)
    const list = ends || this.areLast ? [...headers, 'Connection', 'close'] : headers
    sendProblem(response, status, message, list, detail === undefined ? more : { detail, ...more })
  }
}
