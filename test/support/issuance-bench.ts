import type { KeyObject } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import { KeyStore, type KeyId } from '../../firmware/key-store/index.js'
import { Issuance, type RequestSpecification } from '../../firmware/issuance/index.js'
import { LinuxHttp, linuxRandom, type Http, type HttpRequest, type HttpResponse, type Log } from '../../firmware/platform/index.js'
import { AutomaticSettingsFile, protectorFrom, Settings } from '../../firmware/settings/index.js'
import type { KeyUse } from '../../protocol/key-use.js'
import { VirtualClock } from '../../rig/boards/virtual-clock.js'
import type { ScepServer } from '../../rig/scep-server/index.js'
import type { DiskImage } from './disk-image.js'
import { fixtureKeys } from './fixture-keys.js'
import { certificateFor, storeOptions } from './key-store-fixture.js'
import { RecordingDisk } from './recording-disk.js'

/** An Http port that tells of each exchange before its first byte, and may keep it from happening. */
class WatchedHttp implements Http {
  readonly #inner: Http
  /** Called before each exchange; an answer that it returns is taken instead of the server's. */
  before: (request: HttpRequest) => Promise<HttpResponse | undefined> | HttpResponse | undefined = () => undefined
  /** What becomes of the server's answer. */
  after: (request: HttpRequest, response: HttpResponse) => HttpResponse = (_request, response) => response

  constructor(inner: Http) {
    this.#inner = inner
  }

  async exchange(request: HttpRequest): Promise<HttpResponse> {
    return await this.before(request) ?? this.after(request, await this.#inner.exchange(request))
  }
}

export const specification: RequestSpecification = {
  keyName: 'office', digest: 'sha256', keyLength: 2048, commonName: 'printer.example.com', dnsNames: [], ipAddresses: [],
}

export interface Bench {
  readonly issuance: Issuance
  readonly store: KeyStore
  readonly settings: Settings
  readonly automaticSettings: AutomaticSettingsFile
  /** Why the timer wanted a restart, each time. */
  readonly restarts: string[]
  readonly disk: RecordingDisk
  readonly clock: VirtualClock
  readonly http: WatchedHttp
  /** Lines of the log, in order. */
  readonly logged: string[]
  /** What was put to use, in order; `enabled` and `fail` say what the next switch does. */
  readonly uses: { put: { use: KeyUse; id: KeyId }[]; enabled: boolean; fail: Error | undefined }
  /** How many keys were made. */
  readonly made: { keys: number }
  close(): Promise<void>
}

export interface BenchOptions {
  /** Durable content to start from: a restart, or a crash. */
  readonly image?: DiskImage
  readonly maxKeys?: number
  readonly clock?: VirtualClock
  /** The keys that requests get, in turn; the last one again and again. */
  readonly keys?: readonly KeyObject[]
  /** Instead of the real HTTP port. */
  readonly server?: Http
  /** What Auto Adjust draws, seconds. */
  readonly jitter?: number
}

/** What of a board a request needs, over a disk in memory and the real HTTP port. It closes with the test. */
export async function bench(t: ExecutionContext, options: BenchOptions = {}): Promise<Bench> {
  const { image, maxKeys = 4, clock = new VirtualClock(Date.now()), keys = [fixtureKeys.three] } = options
  const disk = new RecordingDisk(image)
  const http = new WatchedHttp(options.server ?? new LinuxHttp(clock))
  const logged: string[] = []
  const write = (text: string, facts = {}): void => void logged.push(`${text} ${JSON.stringify(facts)}`)
  const log: Log = { debug: write, info: write, warn: write, error: write }
  const uses: Bench['uses'] = { put: [], enabled: true, fail: undefined }
  const made = { keys: 0 }
  const rsa = (): Promise<KeyObject> => {
    made.keys += 1
    return Promise.resolve(keys[Math.min(made.keys, keys.length) - 1]!)
  }
  const store = await KeyStore.open(storeOptions(disk, {
    log,
    random: linuxRandom.bytes,
    limits: { maxKeys, maxCaCertificates: 2 },
    makeDefaultKey: () => Promise.resolve({ privateKey: fixtureKeys.four, chain: [certificateFor(fixtureKeys.four, 'default')] }),
  }))
  const settings = await Settings.open({ disk, directory: '/settings', log })
  const useKey = {
    put: (use: KeyUse, id: KeyId) => {
      uses.put.push({ use, id })
      return uses.fail === undefined ? Promise.resolve({ enabled: uses.enabled, caveats: [] }) : Promise.reject(uses.fail)
    },
  }
  const random = { bytes: linuxRandom.bytes, integer: (low: number, high: number) => options.jitter ?? linuxRandom.integer(low, high) }
  const platform = { clock, random, keys: { rsa }, disk, http }
  const protector = store.withStoreKey((storeKey) => protectorFrom(storeKey, linuxRandom.bytes))
  const automaticSettings = await AutomaticSettingsFile.open({ disk, directory: '/settings', protector, clock, log })
  const restarts: string[] = []
  const automatic = { settings: automaticSettings, restart: (why: string) => Promise.resolve(void restarts.push(why)) }
  const issuance = await Issuance.open({ platform, store, settings, useKey, log, directory: '/issuance', automatic })
  const close = async (): Promise<void> => {
    await issuance.close()
    await store.close()
  }
  t.teardown(close)
  return { issuance, store, settings, automaticSettings, restarts, disk, clock, http, logged, uses, made, close }
}

/** Sets the board up for a server, CA pinned. */
export async function enrolAt({ settings }: Bench, server: ScepServer): Promise<void> {
  await settings.update({ url: server.url.replace(/:\d+\//, '/'), port: server.port, caFingerprint: server.fingerprint })
}

/** Names and states of the keys in the store, without the default key. */
export function keysIn({ store }: Bench): readonly string[] {
  return store.entries().filter(({ kind }) => kind === 'issued').map(({ name, state }) => `${name} ${state}`)
}
