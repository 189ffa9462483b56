import { Command } from 'commander'
import { PlatenError } from '../../protocol/errors.js'
import type { RigPlatform } from '../platform/index.js'

/** Ctrl-], as in telnet and virsh: no line editor wants it. */
const leaveKey = 0x1d

/** A person's terminal on a board's serial line. */
export function consoleCommand(platform: RigPlatform, write: (line: string) => void): Command {
  return new Command('console')
    .description("attach this terminal to a board's serial line; Ctrl-] leaves")
    .argument('<line>', 'a device such as /dev/ttyUSB0, unix:/path or tcp://host:port')
    .action((path: string) => attach(platform, path, write))
}

async function attach({ lines, terminal }: RigPlatform, path: string, write: (line: string) => void): Promise<void> {
  if (terminal === undefined) throw new PlatenError('invalid-value', 'standard input is no terminal', { fix: 'Run it from a terminal, not from a pipe.' })
  const line = await lines.open(path)
  write(`Attached to ${path}; press Enter to wake it, Ctrl-] to leave.`)
  await new Promise<void>((resolve) => {
    const screen = terminal.takeOver((keys) => {
      const leave = keys.indexOf(leaveKey)
      line.write(leave === -1 ? keys : keys.subarray(0, leave))
      if (leave !== -1) line.destroy()
    })
    line.on('data', (bytes: Uint8Array) => screen.show(bytes))
    line.on('error', () => line.destroy())
    line.on('close', () => {
      screen.release()
      resolve()
    })
  })
  write('')
  write('Left.')
}
