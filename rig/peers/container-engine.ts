import { PlatenError } from '../../protocol/errors.js'
import type { Processes, RunningProcess } from '../platform/index.js'

/** A program that runs containers, found usable. */
export interface ContainerEngine {
  readonly name: 'podman' | 'docker'
  /** What it says of its version. */
  readonly version: string
  /** Runs it with these words; ends with it. */
  start(words: readonly string[], onLine?: (line: string) => void): Promise<RunningProcess>
  /** @throws connect-failed with the last line that it wrote, when it does not succeed */
  succeed(words: readonly string[]): Promise<void>
}

/** A machine may forbid to raise limits, and the engines' defaults do. */
export const containerLimits: readonly string[] = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096']

const fix = 'Install podman and runc (Debian: apt-get install podman runc), or start the Docker daemon.'

/**
 * Podman where it works, else Docker: a client without its daemon is no engine.
 * @throws connect-failed
 */
export async function findContainerEngine(processes: Processes): Promise<ContainerEngine> {
  const said: string[] = []
  for (const name of ['podman', 'docker'] as const) {
    if (!await processes.has(name)) continue
    const found = await lastLine(processes, name, ['version', '--format', '{{.Client.Version}}'])
    if (found.code === 0) return engine(processes, name, found.line)
    said.push(`${name} says: ${found.line}`)
  }
  throw new PlatenError('connect-failed', `there is no container engine here${said.length === 0 ? '' : ` (${said.join('; ')})`}`, { fix })
}

async function engine(processes: Processes, name: ContainerEngine['name'], version: string): Promise<ContainerEngine> {
  // crun, podman's own choice, fails where limits cannot be raised.
  const first = name === 'podman' && await processes.has('runc') ? ['--runtime', 'runc'] : []
  return {
    name,
    version,
    start: (words, onLine) => processes.start(name, [...first, ...words], onLine === undefined ? {} : { onLine }),
    async succeed(words) {
      const { code, line } = await lastLine(processes, name, [...first, ...words])
      if (code !== 0) throw new PlatenError('connect-failed', `${name} ${words[0] ?? ''} failed: ${line}`)
    },
  }
}

async function lastLine(processes: Processes, command: string, words: readonly string[]): Promise<{ readonly code: number | undefined; readonly line: string }> {
  let line = ''
  const running = await processes.start(command, words, { onLine: (text) => (line = text.trim() === '' ? line : text.trim()) })
  return { code: (await running.exited).code, line }
}
