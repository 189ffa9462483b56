import { Command } from 'commander'
import { PlatenError } from '../../protocol/errors.js'
import { LineSplitter } from '../../protocol/smp/index.js'
import type { RigPlatform } from '../platform/index.js'
import { lineArgument } from './board-line.js'

/** Ctrl-], as in telnet and virsh: no line editor wants it. */
const leaveKey = 0x1d

const help = `
The board does the editing: arrow keys move and call back earlier lines, Ctrl-A and Ctrl-E go to the ends, Ctrl-U and
Ctrl-W erase, Ctrl-C cancels, Ctrl-D signs out; a long line scrolls sideways. Frames for machines are not shown.

Examples:
  npm run rig -- console /dev/ttyUSB0
  npm run rig -- console tcp://192.0.2.20:2001`

/** A person's terminal on a board's serial line. */
export function consoleCommand(platform: RigPlatform, write: (line: string) => void): Command {
  return new Command('console')
    .description("attach this terminal to a board's serial line; Ctrl-] leaves")
    .argument(...lineArgument)
    .addHelpText('after', help)
    .action((path: string) => attach(platform, path, write))
}

async function attach({ clock, lines, terminal }: RigPlatform, path: string, write: (line: string) => void): Promise<void> {
  if (terminal === undefined) throw new PlatenError('invalid-value', 'standard input is no terminal', { fix: 'Run it from a terminal, not from a pipe.' })
  const line = await lines.open(path)
  write(`Attached to ${path}; press Enter to wake it, Ctrl-] to leave.`)
  const left = await new Promise<boolean>((resolve) => {
    let byKey = false
    const screen = terminal.takeOver((keys) => {
      const leave = keys.indexOf(leaveKey)
      line.write(leave === -1 ? keys : keys.subarray(0, leave))
      if (leave === -1) return
      byKey = true
      line.destroy()
    })
    const splitter = new LineSplitter({ clock, onText: (bytes) => screen.show(bytes), onPacket: () => undefined })
    line.on('data', (bytes: Uint8Array) => splitter.take(bytes))
    line.on('error', () => line.destroy())
    line.on('end', () => line.destroy())
    line.on('close', () => {
      splitter.close()
      screen.release()
      resolve(byKey)
    })
  })
  write('')
  if (!left) throw new PlatenError('connect-failed', `The line ${path} was closed from the other side.`, { facts: { path }, fix: 'Check the cable and that the board is on.' })
  write('Left.')
}
