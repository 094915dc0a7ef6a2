// What is printed: rows of one metric of one case, as lines of JSON or as a table.

import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { median } from './harness.mjs'

/**
 * One row for each contender. `ratio` is the median of the rounds' own ratios (what disturbs the machine for a while
 * disturbs both sides): ours ÷ contender where more is better, contender ÷ ours where less is.
 */
export function rowsOf(caseName, samples, { metric, unit, moreIsBetter, comparable = true }, oursOf) {
  return [...samples].map(([contender, taken]) => {
    const values = taken.map((one) => one[metric])
    const ours = samples.get(oursOf(contender))?.map((one) => one[metric])
    const isCompared = comparable && ours !== undefined && oursOf(contender) !== contender
    const ratios = isCompared
      ? values.map((value, i) => (moreIsBetter ? ours[i] / value : value / ours[i]))
      : []
    return {
      case: caseName,
      contender,
      unit,
      median: round(median(values)),
      min: round(Math.min(...values)),
      max: round(Math.max(...values)),
      ratio: isCompared ? round(median(ratios)) : null,
    }
  })
}

/** A table of rows, with the CPU time of a message where that is known. */
export function tableOf(rows, samples) {
  const table = [
    [rows[0].unit, 'median', 'min', 'max', 'spread', 'CPU/msg', 'ratio'],
    ...rows.map((row) => cellsOf(row, samples.get(row.contender))),
  ]
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)))
  return table.map((line) => {
    return line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')
  })
}

function cellsOf({ contender, median: middle, min, max, ratio }, taken) {
  const hasCpu = taken[0].cpuMicros !== undefined
  return [
    contender,
    figure(middle),
    figure(min),
    figure(max),
    middle > 0 ? `${Math.round((100 * (max - min)) / middle)} %` : '-',
    hasCpu ? `${median(taken.map((one) => one.cpuMicros)).toFixed(2)} µs` : '-',
    ratio === null ? '-' : ratio.toFixed(2),
  ]
}

/** What it ran on. */
export function machine() {
  const [{ model }] = cpus()
  const packages = ['..', ...['piscina', 'comlink', 'fastify'].map((name) => `../node_modules/${name}`)]
    .map((path) => new URL(`${path}/package.json`, import.meta.url))
    // A contender that is not installed fails by itself, and the others go on.
    .filter((url) => existsSync(url))
    .map((url) => JSON.parse(readFileSync(url, 'utf8')))
    .map(({ name, version }) => `${name} ${version}`)
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return [
    `${model.trim()}, ${availableParallelism()} cores, ${memory}`,
    `Node ${process.version}, ${packages.join(', ')}`,
  ]
}

/** How a case was measured. The machine's load says whether it had other things to do. */
export function conditions(taken) {
  const rounds = `${taken.length} ${taken.length === 1 ? 'round' : 'rounds'}`
  const note = taken[0].note === undefined ? '' : `; ${taken[0].note}`
  return `${rounds}, load of the machine ${loadavg()[0].toFixed(1)}${note}`
}

function figure(value) {
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-US') : String(round(value))
}

function round(value) {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toFixed(3))
}
