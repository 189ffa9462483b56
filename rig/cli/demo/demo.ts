import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import { PROMPT } from '../../../protocol/commands/index.js'
import { ProcessBoard } from '../../boards/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { timeline } from '../../reports/index.js'
import { StepRecorder } from '../../steps/index.js'
import { byLine, Person } from './person.js'
import { freshSecret, startMicromdmServer, startOwnServer, type DemoServer } from './servers.js'
import { mainJob, type Scene } from './story.js'
import { troubles } from './troubles.js'

/** The line for machines that ends each command is longer than a screen; its start says enough. */
const screenWidth = 90

interface DemoOptions {
  readonly server: 'own' | 'micromdm'
  readonly keep: boolean
}

/** @param write takes whole lines */
export function demoCommand(platform: RigPlatform, write: (line: string) => void): Command {
  return new Command('demo')
    .description('the main job on this machine, without hardware: from one line on the serial console to HTTPS')
    .addOption(new Option('--server <which>', "whose SCEP server: our own, or Debian's scepserver").choices(['own', 'micromdm']).default('own'))
    .option('--keep', 'leave the board running and say how to attach a terminal to its serial line', false)
    .action((options: DemoOptions) => demo(platform, options, write))
}

async function demo(platform: RigPlatform, options: DemoOptions, write: (line: string) => void): Promise<void> {
  write('Platen demo: one board, one SCEP server, one serial line')
  const directory = await platform.files.temporaryDirectory('platen-demo')
  const steps = new StepRecorder(platform.clock, timeline(write))
  const screen = (line: string): void => steps.witnessed(`│ ${line}`)
  const closing: (() => Promise<void>)[] = [() => directory.remove()]
  try {
    const server = await steps.step('Start a SCEP server', {}, async (note) => {
      const started = options.server === 'micromdm'
        ? await startMicromdmServer(platform, directory.path)
        : await startOwnServer(platform, (line) => steps.witnessed(`server: ${line}`))
      note(`${started.name} at ${started.url}`)
      note(`CA fingerprint ${started.fingerprint}`)
      return started
    })
    closing.unshift(() => server.close())
    const firmware = fileURLToPath(new URL('../../../firmware/main.js', import.meta.url))
    const board = await ProcessBoard.create(platform, {
      name: 'demo', directory: directory.path, firmware,
      onConsole: byLine((line) => {
        if (!line.startsWith(PROMPT)) screen(line.length > screenWidth ? `${line.slice(0, screenWidth)} …` : line)
      }),
    })
    closing.unshift(() => board.dispose())
    const scene: Scene = { platform, steps, server, board, person: new Person(board, screen), password: freshSecret(platform) }
    await mainJob(scene)
    await troubles(scene)
    write('')
    write(`All ${steps.steps.length} steps went as they should.`)
    if (options.keep) await keep(scene, server, write)
  } finally {
    for (const close of closing) await close()
  }
}

/** The board runs on until the demo is interrupted. */
async function keep({ board, password, platform }: Scene, server: DemoServer, write: (line: string) => void): Promise<void> {
  board.detach()
  write('')
  write('The board runs on. Attach a terminal to its serial line:')
  write(`  npm run rig -- console ${board.line.hostPath}`)
  if (board.line.form === 'pty') write(`  or  screen ${board.line.hostPath} 115200`)
  write(`Sign in as administrator with the password ${password}; the challenge password is ${server.challenge}.`)
  write(`Its page: https://${board.https.host}:${board.https.port}/    Ctrl-C here ends it all.`)
  await platform.interrupted()
}
