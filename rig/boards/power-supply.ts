import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'

/** What switches a board's power. */
export interface PowerSupply {
  on(): Promise<void>
  /** Lets the board stop in good order where that can be had. */
  off(): Promise<void>
  /** At once. */
  cut(): Promise<void>
}

const switchDeadline = seconds(30)

/** Programs with their words that switch the supply of a board; a supply that is switched off asks nobody. */
export function switchedBy(platform: Pick<RigPlatform, 'clock' | 'processes'>, { on, off }: { readonly on: readonly string[]; readonly off: readonly string[] }, board: string): PowerSupply {
  const turn = (words: readonly string[]) => (): Promise<void> => run(platform, words, board)
  return { on: turn(on), off: turn(off), cut: turn(off) }
}

async function run({ clock, processes }: Pick<RigPlatform, 'clock' | 'processes'>, [program = '', ...words]: readonly string[], board: string): Promise<void> {
  let last = ''
  const running = await processes.start(program, words, { onLine: (line) => (last = line) })
  const timer = clock.after('power-switch', switchDeadline, () => running.signal('SIGKILL'))
  const { code } = await running.exited
  timer.cancel()
  if (code !== 0) throw new PlatenError('connect-failed', `${program} did not switch the power of the board ${board}${last === '' ? '' : `: ${last}`}`, { facts: { board } })
}
