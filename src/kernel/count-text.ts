// A number in a sentence, the same everywhere: `65,536`.

/** Gives it with separators, and with all its decimals. */
export function countText(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 20 })
}
