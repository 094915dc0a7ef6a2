// A project as a user has it: the built package in its node_modules, beside the client that is chosen, and topologies of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Edit } from '../simulation/mutants.js'
import { ROOT } from '../support/child.js'
import type { TestedDriver } from './drivers.js'
import { until } from './until.js'

export class Project {
  readonly directory: string
  readonly #driver: TestedDriver
  readonly #running = new Set<Running>()

  private constructor(directory: string, driver: TestedDriver) {
    this.directory = directory
    this.#driver = driver
  }

  /** With edits it is a mutant: each replaces a text that is there exactly once. */
  static async make(driver: TestedDriver, edits: readonly Edit[] = []): Promise<Project> {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-kafka-'))
    const modules = join(directory, 'node_modules')
    await cp(join(ROOT, 'dist'), join(modules, 'millrace', 'dist'), { recursive: true })
    await cp(join(ROOT, 'package.json'), join(modules, 'millrace', 'package.json'))
    const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    for (const name of Object.keys(dependencies)) await link(name, join(modules, name))
    if (driver.package !== undefined) await link(driver.package, join(modules, '@platformatic', 'kafka'))
    for (const { file, find, replace } of edits) {
      const path = join(modules, 'millrace', 'dist', file)
      const parts = (await readFile(path, 'utf8')).split(find)
      if (parts.length !== 2) throw new Error(`${file} has ${find} ${parts.length - 1} times`)
      await writeFile(path, parts.join(replace))
    }
    return new Project(directory, driver)
  }

  async file(name: string, text: string): Promise<void> {
    await writeFile(join(this.directory, name), text)
  }

  /** Runs a topology module, or another verb of the command line, with the driver chosen. */
  run(module: string | readonly string[], environment: Record<string, string> = {}): Running {
    const main = join(this.directory, 'node_modules', 'millrace', 'dist', 'main.js')
    const driver = this.#driver.package === undefined ? 'kafkajs' : 'platformatic'
    const env = { ...process.env, MILLRACE_KAFKA: driver, ...environment }
    const args = typeof module === 'string' ? ['run', module] : module
    const child = spawn(process.execPath, [main, ...args], { cwd: this.directory, env })
    const running = new Running(child)
    this.#running.add(running)
    return running
  }

  async remove(): Promise<void> {
    for (const running of this.#running) await running.kill()
    await rm(this.directory, { recursive: true, force: true })
  }
}

export class Running {
  text = ''
  readonly child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(child: ChildProcess) {
    this.child = child
    this.#ended = once(child, 'close')
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (some: string) => {
        this.text += some
      })
  }

  async says(what: string | RegExp, timeoutMs?: number): Promise<void> {
    const isSaid = () => (typeof what === 'string' ? this.text.includes(what) : what.test(this.text))
    await until(`it says ${what}`, () => isSaid() || this.child.exitCode !== null, timeoutMs)
    if (!isSaid()) throw new Error(`it ended, and did not say ${what}:\n${this.text}`)
  }

  /** Gives its exit code. */
  async end(timeoutMs = 30_000): Promise<number | null> {
    await until(
      'it ends',
      () => this.child.exitCode !== null || this.child.signalCode !== null,
      timeoutMs,
    ).catch((error) => {
      throw new Error(`${error.message}:\n${this.text}`)
    })
    await this.#ended
    return this.child.exitCode
  }

  /** As an operator stops it. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM')
    return await this.end()
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.#ended
  }
}

async function link(name: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await symlink(join(ROOT, 'node_modules', name), path, 'junction')
}
