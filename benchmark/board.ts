import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** One measured number, and how many times the floor measured in the same run it is. */
export interface BoardRow {
  readonly what: string
  readonly value: number
  readonly unit: 'ms' | 'MB'
  /** Against `node -e 0` (time) or an idle Node (memory). */
  readonly ratio?: number
}

const runs = 7
const settle = 1500

/** Bench 3: time from exec to prompt and idle RSS, against `node -e 0` and a bare idle Node. Needs the build. */
export async function measureBoard(): Promise<readonly BoardRow[]> {
  const empty = median(await repeat(runs, emptyNode))
  const bare = await idleNode()
  const folder = mkdtempSync(join(tmpdir(), 'platen-bench-'))
  try {
    const first = await boot(folder)
    const later = await repeat(runs, () => boot(folder))
    const time = median(later.map(({ toPrompt }) => toPrompt))
    const { parent, child } = later.at(-1) ?? first
    return [
      { what: 'node -e 0, start to end', value: empty, unit: 'ms' },
      { what: 'board, exec to prompt', value: time, unit: 'ms', ratio: time / empty },
      { what: 'board, exec to prompt, first boot (makes the default key)', value: first.toPrompt, unit: 'ms', ratio: first.toPrompt / empty },
      { what: 'idle Node, RSS', value: bare, unit: 'MB' },
      { what: 'parent, idle RSS', value: parent, unit: 'MB', ratio: parent / bare },
      { what: 'board, idle RSS', value: child, unit: 'MB', ratio: child / bare },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function emptyNode(): Promise<number> {
  const from = performance.now()
  await once(spawn(process.execPath, ['-e', '0']), 'close')
  return performance.now() - from
}

async function idleNode(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'])
  await pause(settle)
  const size = residentOf(child.pid)
  await end(child)
  return size
}

interface Boot {
  readonly toPrompt: number
  readonly parent: number
  readonly child: number
}

/** One boot on a serial line that is a socket, up to the login prompt, and its end. */
async function boot(folder: string): Promise<Boot> {
  let prompted!: (at: number) => void
  const prompt = new Promise<number>((resolve) => (prompted = resolve))
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => undefined).on('data', (bytes: Buffer) => {
      text += bytes.toString('utf8')
      if (text.endsWith('login: ')) prompted(performance.now())
    })
  })
  server.listen(join(folder, 'line'))
  await once(server, 'listening')
  const config = join(folder, 'board.yaml')
  writeFileSync(config, 'data: data\nserial: {path: "unix:line"}\nhttps: {address: 127.0.0.1, port: 0}\n')
  const from = performance.now()
  const parent = spawn(process.execPath, ['build/firmware/main.js', config], { stdio: 'ignore' })
  const toPrompt = await prompt - from
  await pause(settle)
  const result = { toPrompt, parent: residentOf(parent.pid), child: residentOf(childOf(parent.pid)) }
  await end(parent)
  server.close()
  return result
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  await once(child, 'close')
}

function childOf(pid = 0): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
}

/** VmRSS, in units of 10^6 bytes. */
function residentOf(pid = 0): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024 / 1e6
}

async function repeat<Result>(count: number, run: () => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = []
  while (results.length < count) results.push(await run())
  return results
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}
