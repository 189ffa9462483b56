import { asPlatenError } from '../../../protocol/errors.js'
import { seconds } from '../../../protocol/time.js'
import type { Log, Processes } from '../../platform/index.js'
import type { Swanctl } from './swanctl.js'

export interface RevivalOptions {
  readonly swanctl: Pick<Swanctl, 'health'>
  readonly processes: Processes
  /** Program and arguments that start the daemon again; undefined: somebody else looks after it. */
  readonly command: readonly [string, ...string[]] | undefined
  readonly log: Log
}

/** A service manager that takes longer goes on by itself. */
const deadline = seconds(20)
/** One look may meet a daemon that is only slow. */
const hangsBefore = 2

/** Starts the IPSec daemon again when it does not answer: one that is dead at once, one that hangs when it hangs in two looks in a row. */
export class Revival {
  readonly #options: RevivalOptions
  #hangs = 0

  constructor(options: RevivalOptions) {
    this.#options = options
  }

  /** @returns why the daemon does not answer now; undefined when it does */
  async look(): Promise<string | undefined> {
    const { command, log, swanctl } = this.#options
    const { state, reason } = await swanctl.health()
    this.#hangs = state === 'hangs' ? this.#hangs + 1 : 0
    if (state === 'well') return undefined
    if (command === undefined || (state === 'hangs' && this.#hangs < hangsBefore)) return reason
    this.#hangs = 0
    log.error('IPSec: the daemon is started again', { reason })
    await this.#start(command)
    const after = await swanctl.health()
    return after.state === 'well' ? undefined : after.reason
  }

  async #start([program, ...args]: readonly [string, ...string[]]): Promise<void> {
    const { log, processes } = this.#options
    try {
      const { code, lines } = await processes.run(program, args, deadline)
      if (code !== 0) log.error('IPSec: the daemon cannot be started again', { program, reason: lines.at(-1) ?? `it ended with ${code ?? 'a signal'}` })
    } catch (error) {
      log.error('IPSec: the daemon cannot be started again', { program, reason: asPlatenError(error).message })
    }
  }
}
