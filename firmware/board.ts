import { posix } from 'node:path'
import { asPlatenError } from '../protocol/errors.js'
import { readCertificate } from '../protocol/scep/index.js'
import { seconds } from '../protocol/time.js'
import { Access, CommandRunner } from './commands/index.js'
import type { BoardConfig } from './config.js'
import { openDataDirectory } from './data-directory.js'
import { makeDefaultKey } from './default-key.js'
import { Ending } from './ending.js'
import { Issuance } from './issuance/index.js'
import { KeyStore, type StoreLimits } from './key-store/index.js'
import { caveatFinder, Ieee8021xUse, IpsecUses, KeyUses, ServedKeysFile, TlsUse } from './key-use/index.js'
import { beginMqtt, openMqttFront, type MqttFront } from './mqtt-front.js'
import { LogBook, type Platform } from './platform/index.js'
import { remotePages } from './remote-ui/index.js'
import { SerialConsole } from './serial/index.js'
import { SerialLine } from './serial-line.js'
import { AutomaticSettingsFile, Ieee8021xSettingsFile, IpsecPolicies, protectorFrom, Settings } from './settings/index.js'
import { describeBootReason, keepTimeSaved, RunRecord, type PreviousRun, type RestartRequest } from './supervisor/index.js'
import { openTlsConsumers } from './tls-daemons.js'
import { product, version } from './version.js'

export interface BoardOptions {
  /** Takes each line of the log with its line feed. */
  readonly writeLog: (line: string) => void
  /** What the parent saw of the run before, when it ended badly. */
  readonly previousRun?: PreviousRun
  /** File with the store key; without it the key lies in the data directory. */
  readonly storeKey?: string
}

export type StopReason = 'stopped' | 'restart'

/** A running board. */
export interface Board {
  /** 8 hex digits, drawn at each start. */
  readonly bootId: string
  readonly httpsPort: number
  /** Settles when everything is closed. */
  readonly stopped: Promise<{ readonly reason: StopReason }>
  /** Ends what is under way and closes everything; the same as waiting for `stopped`. */
  stop(): Promise<void>
  /** Writes the reason down, then stops. Returns when the reason is durable. @throws disk-failed */
  restart(request: RestartRequest): Promise<void>
}

/**
 * Starts a board: data directory, run record, key store, settings, key uses with their listener, issuance, serial
 * console, in this order; it stops in reverse. What was opened is closed again when a later step fails.
 * A taken HTTPS port does not keep it from starting; the status says so.
 * @throws disk-failed, store-locked, store-damaged, connect-failed
 */
export async function startBoard(platform: Platform, config: BoardConfig, options: BoardOptions): Promise<Board> {
  const bootId = Buffer.from(platform.random.bytes(4)).toString('hex')
  const log = new LogBook({ clock: platform.clock, bootId, level: config.log.level, write: options.writeLog })
  const ending = new Ending<StopReason>((name, error) => log.error(`stopping: ${name}`, { reason: asPlatenError(error).message }))
  try {
    return await assemble({ platform, config, options, bootId, log, ending })
  } catch (error) {
    await ending.begin('stopped')
    throw error
  }
}

/** What every step of the start needs. */
interface Start {
  readonly platform: Platform
  readonly config: BoardConfig
  readonly options: BoardOptions
  readonly bootId: string
  readonly log: LogBook
  readonly ending: Ending<StopReason>
}

async function assemble(start: Start): Promise<Board> {
  const { platform, config, bootId, log, ending } = start
  const { clock } = platform
  const startedAt = clock.monotonic()
  const { run, restartReason, problems } = await beginRun(start)
  const stored = await openStored(start)
  const restart = async (request: RestartRequest): Promise<void> => {
    await run.restarting(request)
    log.info('the board restarts', { by: request.by, why: request.why })
    // The answer to the command that asked goes out first.
    clock.after('restart', seconds(0), () => void ending.begin('restart'))
  }
  const { tls, useKey, ipsec, issuance, mqtt } = await openWork(start, stored, restart)
  const { automatic } = issuance
  const board = { product, version, bootId, restartReason, startedAt, httpsPort: () => tls.port(), problems }
  const commands = new CommandRunner({ ...stored, board, clock, random: platform.random.bytes, issuance, automatic, useKey, ipsec, log, restart: (why) => restart({ by: 'administrator', why }) })
  const console = new SerialConsole({ board, access: stored.access, commands, clock, log, random: platform.random.bytes })
  const line = await SerialLine.open({ serial: platform.serial, ...config.serial, console, clock, log })
  ending.opened('serial line', () => line.close('The board stops.'))

  if (mqtt !== undefined) {
    beginMqtt(mqtt.agent, { commands, store: stored.store, issuance, facts: { ...board, model: config.model.name } })
    ending.opened('MQTT agent', (reason) => mqtt.agent.close(reason))
  }

  await automatic.start()
  log.info('the board is ready', { https: tls.port() ?? 0, serial: config.serial.path })
  return { bootId, httpsPort: tls.port() ?? 0, stopped: ending.done, stop: () => ending.begin('stopped'), restart }
}

interface Begun {
  readonly run: RunRecord
  readonly restartReason: string
  readonly problems: readonly string[]
}

async function beginRun({ platform, config, options, bootId, log, ending }: Start): Promise<Begun> {
  const { disk } = platform
  ending.opened('data directory', await openDataDirectory(disk, config.data))
  const run = await RunRecord.open({ disk, directory: config.data, clock: platform.clock })
  const damaged = run.problems()
  const { reason, problem } = await run.begin(bootId, options.previousRun)
  const problems = [...damaged, ...problem === undefined ? [] : [problem]].map(({ message }) => message)
  for (const message of problems) log.error(message)
  const restartReason = describeBootReason(reason)
  ending.opened('run record', () => run.stopped())
  ending.opened('saving the time', keepTimeSaved(run, platform.clock, log))
  log.info(`${product} ${version} starts`, { model: config.model.name, reason: restartReason })
  return { run, restartReason, problems }
}

interface Stored {
  readonly store: KeyStore
  readonly limits: StoreLimits
  readonly settings: Settings
  readonly automaticSettings: AutomaticSettingsFile
  readonly ieee8021x: Ieee8021xSettingsFile
  readonly ipsecPolicies: IpsecPolicies
  readonly access: Access
}

async function openStored({ platform, config, options, log, ending }: Start): Promise<Stored> {
  const { clock, disk, random } = platform
  const { maxKeys, maxCaCertificates } = config.model
  const limits = { maxKeys, maxCaCertificates }
  const store = await KeyStore.open({
    disk, directory: posix.join(config.data, 'keys'), random: random.bytes, limits, log,
    makeDefaultKey: () => makeDefaultKey(platform),
    ...(options.storeKey === undefined ? {} : { storeKey: options.storeKey }),
  })
  ending.opened('key store', () => store.close())
  const settings = await Settings.open({ disk, directory: config.data, log })
  const protector = store.withStoreKey((storeKey) => protectorFrom(storeKey, random.bytes))
  const automaticSettings = await AutomaticSettingsFile.open({ disk, directory: config.data, protector, clock, log })
  const ieee8021x = await Ieee8021xSettingsFile.open({ disk, directory: config.data, log })
  const ipsecPolicies = await IpsecPolicies.open({ disk, directory: config.data, log })
  const access = await Access.open({ disk, directory: config.data, clock, random: random.bytes, log })
  for (const { message, fix } of access.problems()) log.error(message, { fix })
  return { store, limits, settings, automaticSettings, ieee8021x, ipsecPolicies, access }
}

interface Work {
  readonly tls: TlsUse
  readonly useKey: KeyUses
  readonly ipsec: IpsecUses
  readonly issuance: Issuance
  /** Undefined when the config has no broker. */
  readonly mqtt: MqttFront | undefined
}

async function openWork({ platform, config, bootId, log, ending }: Start, { store, settings, automaticSettings, ieee8021x, ipsecPolicies }: Stored, restart: (request: RestartRequest) => Promise<void>): Promise<Work> {
  const { network } = platform
  const { address, port } = config.https
  let latestStatus = (): string | undefined => undefined
  const pages = remotePages(() => ({ product, version, model: config.model.name, bootId, certificate: readCertificate(tls.leaf()), latestStatus: latestStatus() }))
  const tls = new TlsUse({
    store, network,
    listen: (credentials) => network.listenHttps({ address, port, credentials, answer: pages }),
    host: address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address,
  })
  const tlsConsumers = await openTlsConsumers({ platform, daemons: config.tlsDaemons, runtime: config.runtime, listener: tls, store, log })
  ending.opened('HTTPS listener', () => tlsConsumers.close())
  const mqtt = await openMqttFront({ platform, config, bootId, log, store })
  const wired = platform.processes === undefined ? [] : [new Ieee8021xUse({ ...platform, processes: platform.processes, store, settings: ieee8021x, log, directory: posix.join(config.runtime, 'ieee-802-1x') })]
  for (const driver of wired) ending.opened('IEEE 802.1X', () => driver.close())
  const served = await ServedKeysFile.open({ disk: platform.disk, directory: config.data })
  if (served.problem !== undefined) log.error(served.problem.message, { fix: served.problem.fix })
  const findCaveats = caveatFinder({ store, network, clock: platform.clock })
  const useKey = new KeyUses({ store, served, findCaveats, drivers: [tlsConsumers, ...wired, ...(mqtt === undefined ? [] : [mqtt.use])], log, clock: platform.clock })
  ending.opened('key uses', () => useKey.close())
  const ipsec = await IpsecUses.open({
    policies: ipsecPolicies, store, uses: useKey, disk: platform.disk, processes: platform.processes, clock: platform.clock, log,
    directory: posix.join(config.runtime, 'ipsec'), socket: config.ipsec.vici, restart: config.ipsec.restart,
  })
  await useKey.start()
  ipsec.begin()
  ending.opened('IPSec', () => ipsec.close())
  const automatic = { settings: automaticSettings, restart: (why: string) => restart({ by: 'automatic issuance', why }) }
  const issuance = await Issuance.open({ platform, store, settings, useKey, log, directory: config.data, automatic })
  ending.opened('issuance', () => issuance.close())
  latestStatus = () => issuance.history()[0]?.status
  return { tls, useKey, ipsec, issuance, mqtt }
}
