// A real Kafka broker in a process of its own: KRaft, one node, on the loopback address. It ends with the process that started
// it, and can be killed and started again on the same data and port.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../until.js'
import { answers } from './answers.js'
import { type Installed, install } from './install.js'
import { freePorts } from './ports.js'
import { brokerProperties, type Properties, propertiesText } from './properties.js'
import { run } from './run.js'
import { JAVA } from './tools.js'

const HOST = '127.0.0.1'
const START_MS = 60_000
const JVM = ['-XX:+UseG1GC', '-Xmx512m', '-XX:TieredStopAtLevel=1']
const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'
const TOOL_FLAGS = ['-Xmx256m', '-XX:TieredStopAtLevel=1', QUIET]
/** Linux: the broker does not outlive a test process that was itself killed. */
const DIE_WITH_PARENT = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : []

export type BrokerOptions = {
  /** Over the settings of `brokerProperties`. `{port}`, `{controller}` and `{extra}` in them stand for its ports. */
  properties?: Properties
  /** Flags of its virtual machine. Default: little memory, and quick to start rather than fast. */
  jvm?: readonly string[]
}

export class Broker {
  readonly port: number
  /** Another port, for a second listener. */
  readonly extraPort: number
  private readonly directory: string
  private readonly installed: Installed
  private readonly jvm: readonly string[]
  private child: ChildProcess | undefined
  private readonly onExit = () => this.child?.kill('SIGKILL')

  private constructor(directory: string, ports: number[], installed: Installed, jvm: readonly string[]) {
    this.directory = directory
    this.port = ports[0]
    this.extraPort = ports[2]
    this.installed = installed
    this.jvm = jvm
  }

  static async start(options: BrokerOptions = {}): Promise<Broker> {
    const installed = await install()
    const directory = await mkdtemp(join(tmpdir(), 'kafka-'))
    const ports = await freePorts(HOST, 3)
    const broker = new Broker(directory, ports, installed, options.jvm ?? JVM)
    const data = join(directory, 'data')
    await cp(installed.template, data, { recursive: true })
    const meta = { version: 1, 'cluster.id': 'AAAAAAAAAAAAAAAAAAAAAQ', 'node.id': 1, 'directory.id': uuid() }
    await writeFile(join(data, 'meta.properties'), propertiesText(meta))
    const listeners = { host: HOST, port: ports[0], controllerPort: ports[1] }
    const text = propertiesText(brokerProperties(listeners, data, options.properties))
    const filled = text
      .replaceAll('{port}', String(ports[0]))
      .replaceAll('{controller}', String(ports[1]))
      .replaceAll('{extra}', String(ports[2]))
    await writeFile(join(directory, 'server.properties'), filled)
    await broker.begin()
    return broker
  }

  get address(): string {
    return `${HOST}:${this.port}`
  }

  get extraAddress(): string {
    return `${HOST}:${this.extraPort}`
  }

  /** Starts its process, and resolves when it answers. */
  async begin(): Promise<void> {
    const { classPath } = this.installed
    const quiet = [QUIET, '-Dlog4j2.disable.jmx=true']
    const file = join(this.directory, 'server.properties')
    const command = [...DIE_WITH_PARENT, JAVA, ...this.jvm, ...quiet, '-cp', classPath, 'kafka.Kafka', file]
    const log = openSync(this.logPath, 'a')
    this.child = spawn(command[0], command.slice(1), { cwd: this.directory, stdio: ['ignore', log, log] })
    closeSync(log)
    process.on('exit', this.onExit)
    await until('the broker answers', () => this.isAnswering(), START_MS).catch((error) => {
      throw new Error(`${error.message}:\n${this.log.split('\n').slice(-25).join('\n')}`)
    })
  }

  /** Runs one of Kafka's own command line tools, with what it reads from stdin. Gives what it said. */
  async tool(className: string, args: readonly string[], input = ''): Promise<string> {
    const { classPath } = this.installed
    const ran = await run(JAVA, [...TOOL_FLAGS, '-cp', classPath, className, ...args], { input })
    if (ran?.code !== 0) throw new Error(`${className}: exit code ${ran?.code}:\n${ran?.output}`)
    return ran.output
  }

  pause(): void {
    this.child?.kill('SIGSTOP')
  }

  resume(): void {
    this.child?.kill('SIGCONT')
  }

  /** Ends its process as a crash would. */
  async kill(): Promise<void> {
    const { child } = this
    this.child = undefined
    process.off('exit', this.onExit)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.kill()
    await rm(this.directory, { recursive: true, force: true })
  }

  private get logPath(): string {
    return join(this.directory, 'broker.log')
  }

  private get log(): string {
    return readFileSync(this.logPath, 'utf8')
  }

  private async isAnswering(): Promise<boolean> {
    const { child } = this
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      throw new Error('the broker ended as it started')
    return await answers(HOST, this.port)
  }
}

/** Kafka's own form of an identifier, which does not begin with a dash. */
function uuid(): string {
  const text = randomBytes(16).toString('base64url')
  return text.startsWith('-') ? uuid() : text
}
