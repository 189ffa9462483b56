import { hasCode } from '../../../protocol/errors.js'
import { seconds } from '../../../protocol/time.js'
import type { Processes } from '../../platform/index.js'

/** `wpa_cli` asks over a local socket: no answer in this time means that the daemon hangs. */
export const answerDeadline = seconds(3)

/** The control socket of wpa_supplicant, by `wpa_cli`. */
export class SupplicantControl {
  readonly #processes: Processes
  readonly #directory: string

  /** @param directory of the control sockets */
  constructor(processes: Processes, directory: string) {
    this.#processes = processes
    this.#directory = directory
  }

  /** @returns the lines of its answer; undefined when there is none. @throws connect-failed when wpa_cli cannot be run */
  async ask(interfaceName: string, command: string): Promise<readonly string[] | undefined> {
    try {
      const { code, lines } = await this.#processes.run('wpa_cli', ['-p', this.#directory, '-i', interfaceName, command], answerDeadline)
      return code === 0 ? lines : undefined
    } catch (error) {
      if (hasCode(error, 'timed-out')) return undefined
      throw error
    }
  }

  /** @returns the last line of its answer, like `OK`, `FAIL` or `PONG`; undefined when there is none */
  async command(interfaceName: string, name: 'ping' | 'reassociate' | 'reconfigure' | 'terminate'): Promise<string | undefined> {
    return (await this.ask(interfaceName, name))?.at(-1)?.trim()
  }
}
