// A number in a sentence, the same everywhere: `65,536`.

const PLAIN = /^-?\d+(\.\d+)?$/

/** Gives it with separators, and with all its decimals. */
export function countText(value: number): string {
  const text = String(value)
  // The first use of Node's own formatting takes longer than all else that checks the options.
  if (!PLAIN.test(text)) return value.toLocaleString('en-US', { maximumFractionDigits: 20 })
  const [whole, decimals] = text.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return decimals === undefined ? grouped : `${grouped}.${decimals}`
}
