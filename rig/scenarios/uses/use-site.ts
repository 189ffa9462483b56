/**
 * The world of a use scenario: a whole board (the built firmware), the SCEP server it enrols with, and the peers of
 * the use, on this machine in real time. How a scenario of a use is written:
 *
 *     const site = await UseSite.open(bench, { network: 'own' })          // 'shared' when IP addresses of this machine do
 *     const gateway = await site.neighbour('gateway')                      // a machine of its own, for a peer
 *     await layCable({ namespace: site.home, interface: 'eth0' }, { namespace: gateway, interface: 'port1' })
 *     const identity = await site.identity({ commonName: 'radius.example.com', extendedKeyUsage: ['serverAuth'] })
 *     const peer = await startHostapd(site.machine, { namespace: gateway, …, stationCa: site.ca })
 *     site.atEnd(() => peer.close())                                       // after the board, the last first
 *     const board = await site.switchOn()                                  // knows the SCEP server, trusts its CA
 *     await board.does('dot1x set enabled=yes …')                          // as a person at the console
 *     return issues(site, { use: 'ieee-802-1x', … })                       // a plot: what every use must stand
 *
 * A use is described once (`UseUnderTest`: how its clients ask), and then goes through the plots: `issues`,
 * `failedSwap` with a `Mishap` for each thing that can go wrong, `powerCuts`, `renewsUnderLoad`. tls.ts shows it. List the
 * scenarios in uses/index.ts with `clocks: ['real']` and `parts` (programs, `network namespaces`): where one is
 * missing the run has trouble (exit 3), and `useTest` of test/support skips it by name, or fails with CI=true.
 * `scepServer: 'scepserver'` enrols with Debian's server instead of the rig's, which misbehaves on order
 * (`site.server.misbehave`). What you start, end: `site.atEnd`; names and addresses are unique per process.
 */
import { createPublicKey } from 'node:crypto'
import { CA_FILE_PROMPT } from '../../../protocol/commands/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { certificateOfPem, certificatePem } from '../../../protocol/pem.js'
import { issueCertificate, readCertificate, sameBytes, type CertificateFields } from '../../../protocol/scep/index.js'
import { days, minutes } from '../../../protocol/time.js'
import { joinTheRig, NetworkNamespace, startScepserver } from '../../peers/index.js'
import type { Processes, RigPlatform } from '../../platform/index.js'
import { Authority, newSerial } from '../../scep-server/index.js'
import type { Bench, StationWish } from '../bench.js'
import { RigServer } from '../rig-server.js'
import { ownServer, relayedServer } from '../server-form.js'
import type { Station } from '../station.js'
import type { BoardHome } from '../world.js'

export interface UseSitePlan {
  /** `own`: the board has a network namespace, with a cable to the rig. Default `shared`: this machine's. */
  readonly network?: 'shared' | 'own'
  /** Default: the rig's own, scripted. */
  readonly scepServer?: 'scripted' | 'scepserver'
}

/** The network of a board, and the two ends of the cable between it and the rig. */
interface OwnNetwork {
  readonly namespace: NetworkNamespace
  readonly rig: string
  readonly address: string
}

/** Who a peer is. */
export interface PeerIdentity {
  readonly certificate: Uint8Array
  readonly certificatePem: string
  /** PKCS#8. */
  readonly privateKeyPem: string
}

/** What a peer's certificate is to say; default: good for a year, from five minutes ago. */
export interface IdentityWish extends Pick<Partial<CertificateFields>, 'dnsNames' | 'ipAddresses' | 'keyUsage' | 'extendedKeyUsage' | 'notBefore' | 'notAfter'> {
  readonly commonName: string
}

type SwitchOnWish = Pick<StationWish, 'maxKeys' | 'configuration'> & { readonly environment?: Readonly<Record<string, string>> }

const challenge = 'what the office tells'
let count = 0

export class UseSite {
  readonly bench: Bench
  readonly machine: RigPlatform
  /** The SCEP server that the board enrols with; the rig's own misbehaves on order. */
  readonly server: RigServer
  /** Its CA certificate, DER: what peers trust. */
  readonly ca: Uint8Array
  readonly #home: OwnNetwork | undefined
  readonly #authority: Authority
  #board: Station | undefined

  private constructor(bench: Bench, home: OwnNetwork | undefined, { server, ca, authority }: Enrolment) {
    this.bench = bench
    this.machine = bench.machine
    this.#home = home
    this.server = server
    this.ca = ca
    this.#authority = authority
  }

  /** @throws connect-failed without what the plan needs */
  static async open(bench: Bench, { network = 'shared', scepServer = 'scripted' }: UseSitePlan = {}): Promise<UseSite> {
    const home = network === 'own' ? await moveOut(bench) : undefined
    const address = home?.rig ?? '127.0.0.1'
    const enrolment = await (scepServer === 'scripted' ? scriptedServer(bench, address) : debianServer(bench, address))
    bench.atEnd(() => enrolment.server.goDown())
    return new UseSite(bench, home, enrolment)
  }

  /** The board's own network. @throws TypeError when the plan has none */
  get home(): NetworkNamespace {
    if (this.#home === undefined) throw new TypeError('this board shares the network of the machine')
    return this.#home.namespace
  }

  /** The board, when it was switched on. */
  get board(): Station {
    if (this.#board === undefined) throw new TypeError('the board was not switched on yet')
    return this.#board
  }

  /** Another machine. What runs inside ends with the scenario. */
  async neighbour(label: string): Promise<NetworkNamespace> {
    return newNamespace(this.bench, label)
  }

  /** A folder that goes with the scenario. */
  async folder(on: 'disk' | 'memory' = 'disk'): Promise<string> {
    const folder = await this.machine.files.temporaryDirectory('platen-site', on)
    this.atEnd(() => folder.remove())
    return folder.path
  }

  /** Done when the board is off, the last first. */
  atEnd(close: () => Promise<void>): void {
    this.bench.atEnd(close)
  }

  /** A certificate for a peer: by the CA of the scripted SCEP server, else by one that the board does not know. */
  async identity({ commonName, ...wish }: IdentityWish): Promise<PeerIdentity> {
    const { clock, keys, random } = this.machine
    const privateKey = await keys.rsa(2048)
    const now = clock.wall()
    const certificate = issueCertificate({
      notBefore: now - minutes(5), notAfter: now + days(365), digest: 'sha256', keyUsage: ['digitalSignature', 'keyEncipherment'], ...wish,
      subject: { commonName }, serial: newSerial(random), publicKey: createPublicKey(privateKey), issuer: this.#authority.signing,
    })
    return { certificate, certificatePem: certificatePem(certificate), privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }

  /**
   * Lets the board, which is on, know the CA of `identity`.
   * @returns its name in the store, for settings that say whom to trust
   */
  async trustPeers(): Promise<string> {
    const { ca } = this.#authority
    if (sameBytes(ca.der, this.ca)) return `CA ${ca.fingerprint.slice(0, 16)}`
    const { result } = await this.board.board.command('ca import peers', { answers: { [CA_FILE_PROMPT]: certificatePem(ca.der).trimEnd() } })
    if (!result.ok) throw new PlatenError(result.code, `the board does not take the CA of its peers: ${result.message}`)
    return 'peers'
  }

  /**
   * Switches the board on, set up with the SCEP server. What its daemons read in clear lies on tmpfs, apart from other boards.
   * @param wish.configuration sections of its config; `runtime` is there already
   * @param wish.environment beside the rig's own; for a board in a network of its own
   */
  async switchOn({ configuration = {}, environment = {}, ...wish }: SwitchOnWish = {}): Promise<Station> {
    const runtime = await this.folder('memory')
    const home: { readonly home?: BoardHome } = this.#home === undefined ? {} : { home: { processes: within(this.#home.namespace.processes, environment), address: this.#home.address } }
    this.#board = await this.bench.station(`board ${this.bench.stations.length + 1}`, { ...wish, ...home, server: this.server, configuration: { runtime, ...configuration } })
    return this.#board
  }

  /** A power cut takes the daemons of the board as well. */
  async cutPower(): Promise<void> {
    await this.board.board.cutPower()
    await this.#home?.namespace.killAll()
  }
}

function within(processes: Processes, environment: Readonly<Record<string, string>>): Processes {
  return { ...processes, start: (command, args, options) => processes.start(command, args, { ...options, environment: { ...environment, ...options?.environment } }) }
}

async function newNamespace(bench: Bench, label: string): Promise<NetworkNamespace> {
  count += 1
  const namespace = await NetworkNamespace.make(bench.machine.processes, `${label}${count}`)
  bench.atEnd(() => namespace.remove())
  return namespace
}

async function moveOut(bench: Bench): Promise<OwnNetwork> {
  const namespace = await newNamespace(bench, 'board')
  const { rig, own } = await joinTheRig(namespace, bench.machine.processes)
  return { namespace, rig, address: own }
}

/** What a board enrols with, and who issues for peers. */
interface Enrolment {
  readonly server: RigServer
  /** DER. */
  readonly ca: Uint8Array
  readonly authority: Authority
}

async function scriptedServer({ machine }: Bench, address: string): Promise<Enrolment> {
  const authority = await Authority.open({}, machine)
  return { authority, ca: authority.ca.der, server: await RigServer.start(await ownServer(machine, { address, authority })) }
}

/** micromdm's server of the Debian package scep. Its certificates state clientAuth alone. */
async function debianServer(bench: Bench, address: string): Promise<Enrolment> {
  const { machine } = bench
  const folder = await machine.files.temporaryDirectory('platen-site')
  bench.atEnd(() => folder.remove())
  const upstream = await startScepserver(machine, { directory: folder.path, port: await machine.network.freeTcpPort(), keyBits: 2048, challenge })
  bench.atEnd(() => upstream.close())
  const ca = certificateOfPem(upstream.caPem)
  if (ca === undefined) throw new PlatenError('connect-failed', 'scepserver made no CA certificate')
  const { fingerprint } = readCertificate(ca)
  const form = relayedServer(machine, { fingerprint, challenge, policy: 'legacy', upstream: upstream.url, address })
  return { ca, authority: await Authority.open({ name: 'Peers CA' }, machine), server: await RigServer.start(form) }
}
