import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LinuxClock, ownProcess, startChild } from './platform/process/index.js'
import { supervise } from './supervisor/parent/index.js'

const usage = `Usage: node build/firmware/main.js [--check] CONFIG

Runs one board with the config file CONFIG; systemd/board.example.yaml is an example.
  --check    only says whether the config is right
`

/** This process is the parent, unless it is told to be something else; what only a board needs is imported only there. */
async function main(given: readonly string[]): Promise<number> {
  const options = given.filter((word) => word.startsWith('--'))
  const [file, ...more] = given.filter((word) => !word.startsWith('--'))
  if (options.includes('--help')) return say(process.stdout, usage, 0)
  if (file === undefined || more.length > 0 || options.some((option) => option !== '--check' && option !== '--child')) return say(process.stderr, usage, 2)
  if (options.includes('--check')) return (await import('./board-process.js')).checkConfig(file)
  if (options.includes('--child')) {
    // A request that still waits for its server must not hold up the end: it goes on after the next start.
    process.exit(await (await import('./board-process.js')).runBoardProcess(file))
  }
  return supervise({
    clock: new LinuxClock(),
    start: startChild,
    arguments: [fileURLToPath(import.meta.url), '--child', resolve(file)],
    onTerminate: (run) => ownProcess.onTerminate(run),
    say: (line) => void process.stderr.write(`platen: ${line}\n`),
  })
}

function say(stream: NodeJS.WriteStream, text: string, code: number): number {
  stream.write(text)
  return code
}

process.exitCode = await main(process.argv.slice(2))
