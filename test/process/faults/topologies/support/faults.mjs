// The ledger of what a topology under test did to itself: each thread that breaks something says so first.

import { Ledger } from '../../ledger.mjs'
import { parameters, pathOf } from './parameters.mjs'

let ledger

/** @param {string} word @param {string} [more] */
export function tellFault(word, more) {
  ledger ??= new Ledger(pathOf('faults.ledger'), parameters.life)
  ledger.event(word, more)
}
