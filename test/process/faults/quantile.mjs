/** Gives the smallest value that at least this share of the values do not exceed; undefined where there is none. */
export function quantile(values, share) {
  if (values.length === 0) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
}
