import { asPlatenError, PlatenError } from '../../../protocol/errors.js'
import { seconds, type Duration } from '../../../protocol/time.js'
import type { Processes, ProcessExit } from '../../platform/index.js'
import { tunnelName } from './connection.js'
import { reasonIn } from './reasons.js'

const program = 'swanctl'
/** A daemon that is well answers within milliseconds. Two calls that hang fit into the time that a swap gives to `apply`. */
const answerDeadline = seconds(4)
/** How long a peer may take for a whole handshake: two retransmissions (after 4 s and 11 s), or a list of revoked certificates that cannot be fetched (10 s). */
const handshakeDeadline = seconds(15)
/** After its own deadline the program says why it gave up. */
const grace = seconds(2)

/** How a connection stands in the daemon. */
export type ConnectionState = 'established' | 'connecting' | 'none'

/** Refused connections by name, each with its reason in words. */
export type Refusals = ReadonlyMap<string, string>

/** strongSwan's daemon, asked through its program `swanctl`. Each call has a deadline; a daemon that hangs is an error. */
export class Swanctl {
  readonly #processes: Processes
  readonly #directory: string
  readonly #socket: string

  /** @param directory its `swanctl.conf` and `private`. @param socket URI of the daemon's VICI socket */
  constructor({ processes, directory, socket }: { readonly processes: Processes; readonly directory: string; readonly socket: string }) {
    this.#processes = processes
    this.#directory = directory
    this.#socket = socket
  }

  /** Whether the program is installed. */
  installed(): Promise<boolean> {
    return this.#processes.has(program)
  }

  /** Whether the daemon answers, and why not. */
  async health(): Promise<{ readonly state: 'well' | 'dead' | 'hangs'; readonly reason: string }> {
    try {
      const { code, lines } = await this.#run(['--version', '--daemon'], answerDeadline)
      return code === 0 ? { state: 'well', reason: '' } : { state: 'dead', reason: reasonIn(lines) }
    } catch (error) {
      return { state: 'hangs', reason: asPlatenError(error).message }
    }
  }

  /** Loads what is in the directory, and forgets what is no longer in it. @throws use-cannot-serve */
  async load(): Promise<Refusals> {
    const credentials = await this.#run(['--load-creds', '--noprompt'], answerDeadline)
    if (credentials.code !== 0) throw daemonFault(credentials.lines)
    const connections = await this.#run(['--load-conns'], answerDeadline)
    const refused = new Map(connections.lines.flatMap((line) => {
      const name = /^loading connection '([^']+)' failed: /.exec(line)?.[1]
      return name === undefined ? [] : [[name, reasonIn([line])] as const]
    }))
    if (connections.code !== 0 && refused.size === 0) throw daemonFault(connections.lines)
    return refused
  }

  /** Brings the tunnel up. @throws probe-failed with the reason in words */
  async initiate(name: string): Promise<void> {
    const { code, lines } = await this.#run(['--initiate', '--ike', name, '--child', tunnelName, '--timeout', String(handshakeDeadline / 1000)], handshakeDeadline + grace as Duration)
    if (code !== 0 || lines.some((line) => line.startsWith('initiate failed'))) throw new PlatenError('probe-failed', reasonIn(lines), { facts: { connection: name } })
  }

  /** @throws use-cannot-serve when the daemon does not answer */
  async state(name: string): Promise<ConnectionState> {
    const { code, lines } = await this.#run(['--list-sas', '--ike', name, '--raw'], answerDeadline)
    if (code !== 0) throw daemonFault(lines)
    const associations = lines.filter((line) => line.startsWith(`list-sa event {${name} {`))
    if (associations.some(isEstablished)) return 'established'
    return associations.length > 0 ? 'connecting' : 'none'
  }

  /** Names of all connections that have something with a peer. @throws use-cannot-serve when the daemon does not answer */
  async busy(): Promise<readonly string[]> {
    const { code, lines } = await this.#run(['--list-sas', '--raw'], answerDeadline)
    if (code !== 0) throw daemonFault(lines)
    return [...new Set(lines.flatMap((line) => /^list-sa event \{(\S+) \{/.exec(line)?.[1] ?? []))]
  }

  /** Ends what a connection has with its peer, if anything. A peer that does not answer is not waited for. */
  async terminate(name: string): Promise<void> {
    await this.#run(['--terminate', '--ike', name, '--force', '--timeout', '3'], answerDeadline)
  }

  /** Through `env`, because the program takes its directory from its environment alone. */
  async #run(args: readonly string[], deadline: Duration): Promise<ProcessExit & { readonly lines: readonly string[] }> {
    try {
      return await this.#processes.run('env', [`SWANCTL_DIR=${this.#directory}`, program, ...args, '--uri', this.#socket], deadline)
    } catch (cause) {
      const error = asPlatenError(cause)
      throw new PlatenError('use-cannot-serve', error.code === 'timed-out' ? `the IPSec daemon did not answer within ${deadline / 1000} s` : error.message, { cause, fix: restartFix })
    }
  }
}

const restartFix = 'See whether strongSwan runs, and start it again.'

function daemonFault(lines: readonly string[]): PlatenError {
  return new PlatenError('use-cannot-serve', reasonIn(lines), { fix: restartFix })
}

/** The IKE_SA's own state stands before anything that the peer chose. */
function isEstablished(line: string): boolean {
  const child = line.indexOf(' child-sas {')
  return /^list-sa event \{\S+ \{uniqueid=\d+ version=\d+ state=ESTABLISHED /.test(line) && child !== -1 && / state=INSTALLED /.test(line.slice(child))
}
