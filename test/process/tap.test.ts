// `tap` and `top` at the admin port of real topologies: under load, when little happens, when nothing moves, and at the end.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { MAIN, ROOT } from '../support/child.js'

const DEADLINE_MS = 50_000
/** A value that shows whether it is whole: the number, again and again. */
const WHOLE = /^(?:(\d+),)(?:\1,){19}$/

/** `RATE`: messages a second; `STUCK`: a sink that never answers; `GUARD`: the admin port wants what `TOKEN` holds. */
const TOPOLOGY = `
import { blackhole, defineTopology, generator } from 'millrace'
const { RATE, STUCK, THREADS, GUARD } = process.env
const whole = (message) => \`\${message.id},\`.repeat(20)
export default defineTopology({
  name: 'tapped',
  source: generator(RATE ? { rate: Number(RATE) } : {}),
  map: {
    handler: (message) => ({ value: whole(message), headers: { 'x-token': 's3cret', user: 'ann' } }),
    threads: Number(THREADS ?? 2),
  },
  sink: STUCK ? { write: () => new Promise(() => {}), writeTimeoutMs: 3_600_000 } : blackhole(),
  limits: { graceMs: 500 },
  ...(GUARD && { admin: { port: 0, tokenEnv: 'TOKEN' } }),
})
`

// A dozen processes one after the other take their time on a machine that is busy.
vi.setConfig({ testTimeout: 240_000 })

type Ended = { code: number | null; stdout: string; stderr: string }
type Started = { child: ChildProcess; ended: Promise<Ended>; text: { stdout: string; stderr: string } }

let folder: string
const children: ChildProcess[] = []
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-tap-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/millrace'), 'dir')
  writeFileSync(join(folder, 'topology.mjs'), TOPOLOGY)
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true }))

function start(
  args: readonly string[],
  env: Record<string, string> = {},
  command = process.execPath,
): Started {
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, ...env } })
  children.push(child)
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (some: string) => {
      text[name] += some
    })
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...text })))
  return { child, ended, text }
}

const millrace = (args: readonly string[], env?: Record<string, string>) => start([MAIN, ...args], env)

async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const end = performance.now() + DEADLINE_MS
  for (;;) {
    const found = look()
    if (found) return found
    if (performance.now() > end) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Runs the topology; gives its admin port once it can be looked at. */
async function running(env: Record<string, string> = {}, token: string[] = []) {
  const topology = millrace(['run', 'topology.mjs', '--quiet', '--admin-port', '0'], env)
  const port = await until(
    'an admin port',
    () => /admin port on http:\/\/127\.0\.0\.1:(\d+)/.exec(topology.text.stderr)?.[1],
  )
  for (;;) {
    const { code, stdout } = await millrace(['tap', '--admin', port, ...token], env).ended
    if (code === 0) return { ...topology, port, mailboxes: stdout }
    if (topology.child.exitCode !== null) throw new Error(topology.text.stderr)
  }
}

const messagesOf = ({ stdout }: Ended) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; sequence: number; value: string; headers: object })

describe('tap', () => {
  it('shows whole messages under full load, at each mailbox', async () => {
    const { port, mailboxes } = await running()
    expect(mailboxes).toMatch(/^reader\.\.map-0 {2,}[\d,]+ of 4,194,304 bytes$/m)
    const args = ['--admin', port, '--rate', '1000', '--bytes', '500', '--json']
    const messages = messagesOf(await millrace(['tap', 'map-1..sink', ...args, '--count', '600']).ended)
    expect(messages).toHaveLength(600)
    for (const { id, value } of messages) expect(WHOLE.exec(value)?.[1]).toBe(id)
    const sequences = messages.map(({ sequence }) => sequence)
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b))
    expect(messages[0].headers).toEqual({ 'x-token': '[redacted]', user: 'ann' })
    const read = messagesOf(await millrace(['tap', 'reader..map-0', ...args, '--count', '300']).ended)
    for (const { id, value } of read) expect(Number(JSON.parse(value).value)).toBe(Number(id))
    const settled = await millrace(['tap', 'sink..reader', ...args, '--count', '20']).ended
    expect(settled.stdout.trim().split('\n')).toHaveLength(20)
    expect(settled.stdout).toContain('"kind":"settlements"')
  })

  it('shows each message where few come, though none of them waits', async () => {
    const { port } = await running({ RATE: '8', THREADS: '1' })
    const args = ['--admin', port, '--rate', '1000', '--count', '12', '--json']
    const numbers = messagesOf(await millrace(['tap', 'reader..map', ...args]).ended).map(
      (each) => each.sequence,
    )
    expect(numbers).toEqual(Array.from({ length: 12 }, (_, i) => numbers[0] + i))
  })

  it('shows what waits where nothing moves, from the first on', async () => {
    const { port } = await running({ STUCK: 'yes' })
    const tap = await millrace([
      'tap',
      'map-0..sink',
      '--admin',
      port,
      '--count',
      '5',
      '--json',
      '--bytes',
      '500',
    ]).ended
    const again = await millrace(['tap', 'map-0..sink', '--admin', port, '--count', '5', '--no-values']).ended
    const numbers = messagesOf(tap).map(({ sequence }) => sequence)
    expect(numbers).toHaveLength(5)
    expect(
      again.stdout
        .trim()
        .split('\n')
        .map((line) => Number(/^#(\d+) /.exec(line)?.[1])),
    ).toEqual(numbers)
    expect(again.stdout).not.toContain(',,')
  })

  it('needs the token, and four at most run at once', async () => {
    const env = { GUARD: 'yes', TOKEN: 'to-ken', WRONG: 'to-kem', RATE: '10' }
    const { port, mailboxes } = await running(env, ['--token-env', 'TOKEN'])
    expect(mailboxes).toContain('reader..map-0')
    const args = ['--admin', port, '--token-env']
    for (const refused of [
      ['--admin', port],
      [...args, 'WRONG'],
    ]) {
      const { code, stdout, stderr } = await millrace(['tap', ...refused], env).ended
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/: it wants its token: give the variable that holds it, by --token-env\n$/)
    }
    const four = Array.from({ length: 4 }, () => millrace(['tap', 'reader..map-0', ...args, 'TOKEN'], env))
    for (const { text } of four) await until('a message', () => text.stdout)
    const fifth = await millrace(['tap', 'map-0..sink', ...args, 'TOKEN'], env).ended
    expect(fifth).toMatchObject({ code: 2, stdout: '' })
    expect(fifth.stderr).toMatch(/: 4 taps are running, and no more may\n$/)
    four[0].child.kill('SIGINT')
    expect(await four[0].ended).toMatchObject({ code: 0, stderr: '' })
    const again = await millrace(['tap', 'map-0..sink', ...args, 'TOKEN', '--count', '1'], env).ended
    expect(again.code).toBe(0)
  })

  it('ends quietly when its reader has gone, as head does', async () => {
    const { port } = await running()
    const tap = millrace(['tap', 'reader..map-0', '--admin', port, '--rate', '100'])
    await until('a line', () => tap.text.stdout)
    tap.child.stdout?.destroy()
    expect(await tap.ended).toMatchObject({ code: 0, stderr: '' })
  })

  it('ends with the topology, and says so', async () => {
    const { port, child, ended } = await running({ RATE: '50' })
    const tap = millrace(['tap', 'reader..map-0', '--admin', port])
    await until('a line', () => tap.text.stdout)
    child.kill('SIGTERM')
    expect(await tap.ended).toMatchObject({ code: 0, stderr: 'millrace tap: the topology has ended\n' })
    expect((await ended).code).toBe(0)
  })
})

describe('top', () => {
  it('says how it stands, in a pipe', async () => {
    const { port } = await running({ RATE: '100' })
    const { code, stdout, stderr } = await millrace(['top', '--admin', port]).ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^tapped {2}running, ready {2}/)
    for (const text of ['ingress  reader', 'map-1', 'egress', 'reader → map-0  ['])
      expect(stdout).toContain(text)
  })

  /** Plays a terminal of 90 by 12: types a key when there is a first screen, and writes all that it was shown. */
  const TERMINAL = `
import fcntl, os, pty, struct, sys, termios
child, fd = pty.fork()
if child == 0: os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 12, 90, 0, 0))
shown = b''
while True:
    try: some = os.read(fd, 65536)
    except OSError: break
    if not some: break
    shown += some
    if sys.argv[1] and shown.count(b'\\x1b[J') == 2:
        os.write(fd, sys.argv[1].encode())
        sys.argv[1] = ''
    sys.stdout.buffer.write(some)
    sys.stdout.buffer.flush()
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
`
  const hasPython = spawnSync('python3', ['-c', 'import pty'], { timeout: 20_000 }).status === 0
  const inTerminal = (key: string, port: string) =>
    start(
      ['-c', TERMINAL, key, process.execPath, MAIN, 'top', '--admin', port, '--interval', '100'],
      { TERM: 'xterm' },
      'python3',
    )
  const LEFT = '\u001b[?7h\u001b[?25h\u001b[?1049l'

  it.skipIf(!hasPython).each(['q', '\u0003'])(
    'is live on a terminal (there is python3 to play one), until %j',
    async (key) => {
      const { port } = await running({ RATE: '100' })
      const { code, stdout } = await inTerminal(key, port).ended
      expect(code).toBe(0)
      expect(stdout.startsWith('\u001b[?1049h')).toBe(true)
      expect(stdout.endsWith(LEFT)).toBe(true)
      expect(stdout.split('\u001b[H').length).toBeGreaterThan(2)
    },
  )

  it.skipIf(!hasPython)('gives the terminal back when the topology ends', async () => {
    const { port, child } = await running({ RATE: '100' })
    const terminal = inTerminal('', port)
    await until('a screen', () => terminal.text.stdout.includes('\u001b[J'))
    child.kill('SIGTERM')
    const { code, stdout } = await terminal.ended
    expect(code).toBe(0)
    expect(stdout.slice(stdout.indexOf(LEFT))).toMatch(
      /^.*millrace top: tapped has ended; read \d+, acked \d+ when .*\r\n$/,
    )
  })
})
