/**
 * Network namespaces: each stands for a machine of its own, with its own interfaces, addresses and routes. Peers that
 * speak below TCP (IKE, EAPOL) live in one and the board in another, with a cable between them. Needs root and `ip`.
 */
import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { Processes, RunningProcess } from '../platform/index.js'

/** `platen-<process ID of the rig>-<label>`: unique per process, and a later run sees whose owner is gone. */
const prefix = 'platen-'
const deadline = seconds(10)

/** One end of a cable: the interface's name (15 characters at most) and, where IP is spoken, its address. */
export interface CableEnd {
  readonly namespace: NetworkNamespace
  readonly interface: string
  /** With its prefix length: `10.20.0.1/24`. */
  readonly address?: string
}

/** A named network namespace with its loopback up. */
export class NetworkNamespace {
  /** As `ip netns` knows it. */
  readonly name: string
  /** Runs and starts programs inside; for a daemon or a whole board that is to live there. */
  readonly processes: Processes
  readonly #outside: Processes
  readonly #started = new Set<RunningProcess>()

  private constructor(name: string, outside: Processes) {
    this.name = name
    this.#outside = outside
    this.processes = {
      start: async (command, args, options) => this.#note(await outside.start('ip', this.#inside(command, args), options)),
      run: (command, args, timeout) => outside.run('ip', this.#inside(command, args), timeout),
      has: (command) => outside.has(command),
    }
  }

  /**
   * Makes one, and removes what crashed runs left.
   * @param label a word that is used once per process
   * @throws connect-failed without root or `ip`
   */
  static async make(processes: Processes, label: string): Promise<NetworkNamespace> {
    await sweep(processes)
    const namespace = new NetworkNamespace(`${prefix}${process.pid}-${label}`, processes)
    await ip(processes, 'netns', 'add', namespace.name)
    await namespace.ip('link', 'set', 'lo', 'up')
    return namespace
  }

  /** Runs `ip` inside. @throws connect-failed with what it said */
  async ip(...args: readonly string[]): Promise<readonly string[]> {
    return ip(this.#outside, '-n', this.name, ...args)
  }

  /** Ends every program inside at once, as a power cut of that machine does. */
  async killAll(): Promise<void> {
    for (const running of this.#started) running.signal('SIGKILL')
    await Promise.all([...this.#started].map(({ exited }) => exited))
    await killInside(this.#outside, this.name)
  }

  /** Ends every program inside and removes the namespace with its interfaces. */
  async remove(): Promise<void> {
    await this.killAll()
    await removeByName(this.#outside, this.name)
  }

  #inside(command: string, args: readonly string[]): readonly string[] {
    return ['netns', 'exec', this.name, command, ...args]
  }

  #note(running: RunningProcess): RunningProcess {
    this.#started.add(running)
    void running.exited.then(() => this.#started.delete(running))
    return running
  }
}

/** Joins two namespaces by a cable (a veth pair), both ends up. @throws connect-failed */
export async function layCable(left: CableEnd, right: CableEnd): Promise<void> {
  await left.namespace.ip('link', 'add', left.interface, 'type', 'veth', 'peer', 'name', right.interface, 'netns', right.namespace.name)
  for (const { namespace, interface: name, address } of [left, right]) {
    if (address !== undefined) await namespace.ip('address', 'add', address, 'dev', name)
    await namespace.ip('link', 'set', name, 'up')
  }
}

let cables = 0

/**
 * A cable between a namespace and this machine itself: the rig's SCEP server and clients reach what lives inside. It
 * goes with the namespace. Addresses are of the range for tests of networks (RFC 2544), four to a cable.
 * @returns the addresses of its two ends
 */
export async function joinTheRig(namespace: NetworkNamespace, processes: Processes): Promise<{ readonly rig: string; readonly own: string }> {
  cables += 1
  // Processes that run at the same time have neighbouring IDs.
  const block = (process.pid * 16 + cables) % 32_768
  const address = (host: number): string => `198.${18 + (block >> 14)}.${(block >> 6) & 255}.${(block & 63) * 4 + host}`
  const [rig, own, outside] = [address(1), address(2), `plt${process.pid}-${cables}`]
  await ip(processes, 'link', 'add', outside, 'type', 'veth', 'peer', 'name', 'rig', 'netns', namespace.name)
  await ip(processes, 'address', 'add', `${rig}/30`, 'dev', outside)
  await ip(processes, 'link', 'set', outside, 'up')
  await namespace.ip('address', 'add', `${own}/30`, 'dev', 'rig')
  await namespace.ip('link', 'set', 'rig', 'up')
  return { rig, own }
}

let tries = 0

/** Whether this process may make network namespaces here: tried, because root in a container may not. */
export async function canMakeNamespaces(processes: Processes): Promise<boolean> {
  if (!await processes.has('ip')) return false
  tries += 1
  const name = `${prefix}${process.pid}-try${tries}`
  const made = await processes.run('ip', ['netns', 'add', name], deadline)
  if (made.code !== 0) return false
  return (await processes.run('ip', ['netns', 'delete', name], deadline)).code === 0
}

/** Removes the namespaces of processes that are gone. */
async function sweep(processes: Processes): Promise<void> {
  const names = (await ip(processes, 'netns', 'list')).map((line) => line.split(' ')[0] ?? '')
  for (const name of names) {
    const owner = /^platen-(\d+)-/.exec(name)?.[1]
    if (owner === undefined) continue
    const alive = await processes.run('test', ['-d', `/proc/${owner}`], deadline)
    if (alive.code !== 0) await removeByName(processes, name)
  }
}

/** A program may have left its parent. */
async function killInside(processes: Processes, name: string): Promise<void> {
  const inside = await ip(processes, 'netns', 'pids', name)
  if (inside.length > 0) await processes.run('kill', ['-KILL', ...inside], deadline)
}

/** What still runs inside holds the namespace alive, so all is killed first. */
async function removeByName(processes: Processes, name: string): Promise<void> {
  await killInside(processes, name)
  await ip(processes, 'netns', 'delete', name)
}

async function ip(processes: Processes, ...args: readonly string[]): Promise<readonly string[]> {
  const { code, lines } = await processes.run('ip', args, deadline)
  if (code === 0) return lines
  throw new PlatenError('connect-failed', `ip ${args.join(' ')}: ${lines.at(-1) ?? 'failed'}`, { fix: 'Run as root, with iproute2 installed.' })
}
