// Chance from a seed: the same seed gives the same numbers, on every machine.

/** A generator of numbers; `derive` gives an independent one by name, so that one row's chance does not depend on another's. */
export class Random {
  /** @param {number} seed unsigned, 32 bits */
  constructor(seed) {
    this.seed = seed >>> 0
    this.state = this.seed
  }

  /** In [0, 1). */
  next() {
    this.state = (this.state + 0x9e3779b9) | 0
    return mix(this.state) / 2 ** 32
  }

  /** A whole number from `min` to `max`, both included. */
  between(min, max) {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  pick(list) {
    return list[this.between(0, list.length - 1)]
  }

  /** So many different whole numbers from `min` to `max`, in ascending order. */
  distinct(count, min, max) {
    const chosen = new Set()
    while (chosen.size < Math.min(count, max - min + 1)) chosen.add(this.between(min, max))
    return [...chosen].sort((a, b) => a - b)
  }

  /** @param {string} name */
  derive(name) {
    let hash = this.seed
    for (const character of name) hash = mix(hash ^ character.charCodeAt(0))
    return new Random(hash)
  }
}

/** A number in [0, 1) for a seed and some numbers: what needs no state, and is the same on every thread and in every process. */
export function chanceOf(seed, ...numbers) {
  let hash = seed | 0
  for (const number of numbers) hash = mix(hash ^ mix(number + 0x51ed270b))
  return hash / 2 ** 32
}

function mix(word) {
  let hash = word | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97)
  return (hash ^ (hash >>> 15)) >>> 0
}
