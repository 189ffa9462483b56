import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { PlatenError } from '../../protocol/errors.js'
import { seconds, type Clock } from '../../protocol/time.js'
import { eachLine } from './output-lines.js'
import type { ProcessExit, Processes, RunningProcess } from './ports.js'

/** A daemon that a program left behind may hold its output open for ever. */
const readOn = seconds(1)

/**
 * Child processes of this one, each the head of a process group: SIGKILL takes the whole group at once, as a power cut
 * does; other signals go to the head alone, which is to stop its own children. What still runs when this process ends is killed.
 */
export class LinuxProcesses implements Processes {
  readonly #clock: Clock
  readonly #running = new Set<RunningProcess>()

  constructor(clock: Clock) {
    this.#clock = clock
    process.on('exit', () => this.#running.forEach((running) => running.signal('SIGKILL')))
  }

  async start(...[command, args, options = {}]: Parameters<Processes['start']>): Promise<RunningProcess> {
    const child = spawn(command, args, { cwd: options.directory, env: { ...process.env, ...options.environment }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const exited = new Promise<ProcessExit>((resolve) => {
      const end = (code: number | null, signal: string | null): void => resolve({ code: code ?? undefined, signal: signal ?? undefined })
      child.once('exit', (code, signal) => {
        const timer = this.#clock.after(`read what ${command} left`, readOn, () => end(code, signal))
        child.once('close', () => {
          timer.cancel()
          end(code, signal)
        })
      })
    })
    for (const stream of [child.stdout, child.stderr]) eachLine(stream, (line) => options.onLine?.(line))
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (cause) => reject(new PlatenError('connect-failed', `cannot start ${command}`, { cause, fix: `Install ${command}, or see whether it may be run.` })))
    })
    const pid = child.pid ?? 0
    const running: RunningProcess = {
      pid,
      exited,
      signal: (name) => {
        if (name === 'SIGKILL') killGroup(pid)
        else child.kill(name)
      },
    }
    this.#running.add(running)
    void exited.then(() => this.#running.delete(running))
    return running
  }

  async run(...[command, args, timeout]: Parameters<Processes['run']>): ReturnType<Processes['run']> {
    const lines: string[] = []
    const onLine = (line: string): void => {
      lines.push(line)
      if (lines.length > 1000) lines.shift()
    }
    const running = await this.start(command, args, { onLine })
    const late = new Promise<undefined>((resolve) => {
      const timer = this.#clock.after(`run ${command}`, timeout, () => resolve(undefined))
      void running.exited.then(() => timer.cancel())
    })
    const exit = await Promise.race([running.exited, late])
    if (exit !== undefined) return { ...exit, lines }
    running.signal('SIGKILL')
    await running.exited
    throw new PlatenError('timed-out', `${command} did not end within ${timeout / 1000} s`, { facts: { command, lastWords: lines.at(-1) ?? '' } })
  }

  async has(command: string): Promise<boolean> {
    const places = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, command))
    const found = await Promise.allSettled(places.map((place) => access(place, constants.X_OK)))
    return found.some(({ status }) => status === 'fulfilled')
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The whole group has ended already.
  }
}
