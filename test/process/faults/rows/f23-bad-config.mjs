// F23: a topology that cannot be run: exit code 2 before any thread of it starts, with one clear message.

import { mkdirSync, writeFileSync } from 'node:fs'
import { CASES, NONE } from '../bad-configs.mjs'
import { ROOT } from '../child.mjs'

/** @type {import('../row.mjs').Row} */
export const badConfig = {
  id: 'F23',
  name: 'bad configuration',
  async run({ scene }, account) {
    for (const [name, { text, says, prepare }] of Object.entries(CASES)) {
      const stage = scene(name.replaceAll(/\W+/g, '-'), { count: 10 })
      prepare?.(stage.folder)
      const path = stage.path('topology.mjs')
      mkdirSync(stage.folder, { recursive: true })
      if (text !== NONE) writeFileSync(path, text(JSON.stringify(`${ROOT}dist/index.js`), stage.folder))
      const ended = await stage.run(path, {}, { timeoutMs: 20_000 })
      account.fault()
      account.outcome.runs++
      account.expect(name, configProblems(ended, says))
      const onThreads = stage.ledger('threads').events.length
      account.assert(name, onThreads === 0, `the module was imported on ${onThreads} threads`)
      account.assert(name, stage.ledger('source').events.length === 0, 'the source was opened')
    }
  },
}

function configProblems({ code, signal, late, stderr, leftovers, summary }, says) {
  const problems = []
  const lines = stderr.trim().split('\n')
  const errors = lines.filter((line) => /^ERR_/.test(line))
  if (late) problems.push('it hung')
  if (code !== 2) problems.push(`exit code ${code ?? signal}, wanted 2`)
  if (errors.length !== 1) problems.push(`${errors.length} messages, wanted 1: ${stderr.slice(0, 400)}`)
  if (!says.test(errors[0] ?? '')) problems.push(`wanted ${says}: ${errors[0]}`)
  if (lines.some((line) => /^\s+at /.test(line))) problems.push(`shows a stack: ${stderr.slice(0, 300)}`)
  if (!/ — /.test(errors[0] ?? '')) problems.push(`does not say what to do: ${errors[0]}`)
  if (leftovers.length > 0) problems.push('processes left over')
  if (summary !== undefined) problems.push('there is a summary of a run')
  return problems
}
