// Load by wrk: a script of its own tells it what to send, looks at each answer, and prints the result. Its latencies take into
// account what it would have sent while an answer was late.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TIMEOUT = '30s'

/** Whether wrk is installed. */
export async function hasWrk() {
  try {
    await outputOf(['-v'])
    return true
  } catch (error) {
    if (error.code === 'ENOENT') return false
    throw error
  }
}

/** Requests a second, latencies in ms, and what went wrong. */
export async function load({ port, connections, seconds, exchange }) {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-wrk-'))
  try {
    const script = join(directory, 'load.lua')
    writeFileSync(script, scriptOf(exchange))
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', TIMEOUT, '-s', script]
    const output = await outputOf([...args, `http://127.0.0.1:${port}/v1/process/sync`])
    return { tool: 'wrk', ...JSON.parse(output.slice(output.lastIndexOf('\n{'))) }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function scriptOf({ body, answer }) {
  return `
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/octet-stream"
wrk.body = "${body}"
wrong = 0
local answer = "${answer}"
local main
function setup(thread) main = thread end
function response(status, headers, body)
  if status ~= 200 or body ~= answer then wrong = wrong + 1 end
end
function done(summary, latency)
  local e = summary.errors
  local ms = function(p) return latency:percentile(p) / 1000 end
  print(string.format('\\n{"requests":%d,"wrong":%d,"errors":%d,"seconds":%f,"p50":%f,"p99":%f,"p999":%f}',
    summary.requests, main:get("wrong"), e.connect + e.read + e.write + e.timeout, summary.duration / 1e6,
    ms(50), ms(99), ms(99.9)))
end
`
}

function outputOf(args) {
  return new Promise((resolve, reject) => {
    const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', reject)
    child.on('close', () => resolve(output))
  })
}
