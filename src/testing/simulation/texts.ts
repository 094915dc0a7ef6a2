// The values of scripted messages: a name, some padding and a checksum, so that a value which is not whole is seen (I2).
// The name says what a message is: `12` is record 12 of the source, `12/0` the first that the first stage made of it, and so on.

import { mix } from '../../kernel/shares.js'

/** Gives a 32-bit hash of a seed and texts. */
export function hashOf(seed: number, ...parts: readonly (string | number)[]): number {
  let hash = seed
  for (const part of parts) {
    const text = String(part)
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    hash = mix(hash + 0x9e3779b9)
  }
  return hash >>> 0
}

/** Gives a number in [0, 1) that depends on a seed and texts alone. */
export function chanceOf(seed: number, ...parts: readonly (string | number)[]): number {
  return hashOf(seed, ...parts) / 2 ** 32
}

/** Makes the value of a message. */
export function valueNamed(name: string): string {
  const padded = `${name}|${'~'.repeat(hashOf(1, name) % 40)}`
  return `${padded}|${hashOf(2, padded).toString(36)}`
}

/** Gives the name in a value; undefined where the value is not whole. */
export function nameIn(text: string): string | undefined {
  const end = text.lastIndexOf('|')
  const padded = text.slice(0, end)
  if (end < 0 || hashOf(2, padded).toString(36) !== text.slice(end + 1)) return undefined
  return padded.slice(0, padded.indexOf('|'))
}

/** Compares two names of one root, or two ids, by where they come in the order of their making. */
export function comparePaths(one: string, other: string): number {
  const left = one.split(/[/.]/)
  const right = other.split(/[/.]/)
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] === right[i]) continue
    return Number(left[i]) - Number(right[i])
  }
  return left.length - right.length
}
