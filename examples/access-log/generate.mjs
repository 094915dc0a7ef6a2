// Makes access.log, always the same: `node examples/access-log/generate.mjs`. All of it is made up; the addresses are those
// that are reserved for documentation. A few lines are no requests, as in any log that has seen a crash or a scanner.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const LINES = 20_000
const SEED = 20_260_314
const START_MS = Date.UTC(2026, 2, 14)
const DAY_MS = 86_400_000

const NETS = ['192.0.2', '198.51.100', '203.0.113']
const PAGES = [
  '/',
  '/cart',
  '/checkout',
  '/search?q=lamp',
  '/search?q=desk',
  '/login',
  '/about',
  '/robots.txt',
]
const AGENTS = [
  'curl/8.5.0',
  'Mozilla/5.0 (X11; Linux)',
  'Mozilla/5.0 (iPhone)',
  'Mozilla/5.0 (Macintosh)',
  '-',
]
const REFERRERS = ['-', '-', '-', 'https://shop.example/', 'https://search.example/']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** By line number, from 1. */
const MALFORMED = {
  1723: '192.0.2.44 - - [14/Mar/2026:02:04:11 +0000] "GET /cart HT',
  5001: '',
  9090: '\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc\\x03\\x03',
  12345: '203.0.113.9 - - [34/Mar/2026:14:48:36 +0000] "GET / HTTP/1.1" 200 12 "-" "-"',
  17777: 'web-1 kernel: Out of memory: killed process 4711 (httpd)',
  19999: '198.51.100.7 - - [14/Mar/2026:23:59:55 +0000] "-" 408 0 "-" "-"',
}

/** Gives the whole text. */
export function accessLog() {
  const random = seeded(SEED)
  let text = ''
  for (let number = 1; number <= LINES; number++) {
    const line = requestLine(random, START_MS + (number / LINES) * (DAY_MS - 1_000))
    text += `${MALFORMED[number] ?? line}\n`
  }
  return text
}

function requestLine(random, timeMs) {
  const client = `${pick(random, NETS)}.${1 + below(random, 254)}`
  const user = random() < 0.05 ? pick(random, ['ada', 'grace', 'linus']) : '-'
  const isOrder = random() < 0.06
  const path = isOrder
    ? '/orders'
    : random() < 0.7
      ? `/products/${1_000 + below(random, 400)}`
      : pick(random, PAGES)
  const status = statusOf(random, isOrder)
  const bytes = status === 304 ? '-' : status >= 400 ? 162 : 800 + below(random, 60_000)
  const request = `${isOrder ? 'POST' : 'GET'} ${path} HTTP/1.1`
  const rest = `"${request}" ${status} ${bytes} "${pick(random, REFERRERS)}" "${pick(random, AGENTS)}"`
  return `${client} - ${user} [${timeText(timeMs)}] ${rest}`
}

function statusOf(random, isOrder) {
  const chance = random()
  if (chance < 0.006) return 503
  if (chance < 0.04) return 404
  if (chance < 0.12 && !isOrder) return 304
  return isOrder ? 201 : 200
}

function timeText(timeMs) {
  const time = new Date(timeMs)
  const clock = time.toISOString().slice(11, 19)
  return `${String(time.getUTCDate()).padStart(2, '0')}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}:${clock} +0000`
}

function pick(random, list) {
  return list[below(random, list.length)]
}

function below(random, end) {
  return Math.floor(random() * end)
}

// mulberry32: the same seed gives the same numbers.
function seeded(seed) {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('./access.log', import.meta.url), accessLog())
}
