// Runs one row, and gives its line of the table: whatever it throws is a problem of that row.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Account } from './account.mjs'
import { quantile } from './quantile.mjs'
import { Random } from './random.mjs'
import { Scene } from './scene.mjs'
import { missingTool } from './tools.mjs'

/**
 * @typedef {'quick' | 'full'} Size
 * @typedef {{ size: Size, seed: number, random: Random, scene: (name: string, options: { count: number, keys?: number, bytes?: number }) => Scene, pick: <T>(quick: T, full: T) => T, minutes: number }} Context
 * @typedef {{ id: string, name: string, needs?: readonly string[], bound?: string, isSoak?: boolean, mostlyWaits?: boolean, run: (context: Context, account: Account) => Promise<void> }} Row
 * @typedef {{ id: string, name: string, seed: number, state: 'passed' | 'failed' | 'NOT RUN', why: string, tookMs: number, p50Ms?: number, p99Ms?: number, folder?: string } & import('./account.mjs').Outcome} RowResult
 */

export class NotRun extends Error {}

/** @param {Row} row @param {{ size: Size, seed: number, minutes?: number, keep?: boolean }} options @returns {Promise<RowResult>} */
export async function runRow(row, { size, seed, minutes = 0, keep = false }) {
  const startedMs = performance.now()
  const folder = mkdtempSync(join(tmpdir(), `millrace-${row.id}-`))
  const scenes = []
  const context = {
    size,
    seed,
    minutes,
    random: new Random(seed).derive(row.id),
    pick: (quick, full) => (size === 'quick' ? quick : full),
    scene: (name, more) => {
      const scene = new Scene({ folder: join(folder, name), seed, ...more })
      scenes.push(scene)
      return scene
    },
  }
  const account = new Account(row.bound)
  const why = await runIn(row, context, account)
  for (const scene of scenes) await scene.close()
  const { outcome } = account
  const failed = outcome.problems.length > 0
  if (!failed && !keep) rmSync(folder, { recursive: true, force: true })
  return {
    id: row.id,
    name: row.name,
    seed,
    ...outcome,
    state: why !== undefined ? 'NOT RUN' : failed ? 'failed' : 'passed',
    why: why ?? '',
    tookMs: performance.now() - startedMs,
    p50Ms: quantile(outcome.recoveriesMs, 0.5),
    p99Ms: quantile(outcome.recoveriesMs, 0.99),
    ...((failed || keep) && { folder }),
  }
}

/** Gives why it could not run, if it could not. */
async function runIn(row, context, account) {
  const tool = (row.needs ?? []).map(missingTool).find((missing) => missing !== undefined)
  if (tool !== undefined) return tool
  try {
    await row.run(context, account)
  } catch (error) {
    if (error instanceof NotRun) return error.message
    account.expect(row.id, [error instanceof Error ? (error.stack ?? error.message) : String(error)])
  }
  return undefined
}
