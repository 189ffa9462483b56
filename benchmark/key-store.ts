/** What a change of the key store costs on this machine's disk: time of each commit, and syncs per transaction. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultLimits, KeyStore } from '../firmware/key-store/index.js'
import { LinuxDisk, linuxRandom, type Disk, type Log } from '../firmware/platform/index.js'
import { issueCertificate } from '../protocol/scep/index.js'

export interface KeyStoreRow {
  readonly transaction: string
  readonly runs: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** fsync and fdatasync calls in one transaction. */
  readonly syncs: number
  /** p50 against that of the floor, measured in turns with it. */
  readonly ratio: number
}

const nothing = (): void => undefined
const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/**
 * Each round registers a key (put, complete), moves a use, replaces the key and deletes it, on a real file system.
 * Key generation is not in the figures; the health check and the sealing of a new key are.
 * @param options.directory where the temporary store goes; its file system is what is measured
 */
export async function measureKeyStore({ rounds = 200, directory = tmpdir() }: { readonly rounds?: number; readonly directory?: string } = {}): Promise<readonly KeyStoreRow[]> {
  const base = mkdtempSync(join(directory, 'platen-bench-'))
  try {
    const disk = new CountingDisk()
    const keys = [0, 1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
    const chains = keys.map(selfSigned)
    const [defaultKey, first, second] = keys
    if (defaultKey === undefined || first === undefined || second === undefined) return []
    const store = await KeyStore.open({
      disk, directory: base, random: linuxRandom.bytes, limits: defaultLimits, log: silent,
      makeDefaultKey: () => Promise.resolve({ privateKey: defaultKey, chain: chains[0] ?? [] }),
    })
    const meter = new Meter(disk)
    for (let round = 0; round < rounds; round += 1) {
      await meter.run(floor, () => barePut(disk, `${base}/floor`, round))
      const slot = await meter.run('reserve', () => store.reserve('First'))
      const { id } = await meter.run('put (key, pending)', () => store.put(slot, first))
      await meter.run('complete (certificate and use)', () => store.complete(id, { chain: chains[1] ?? [], assign: 'tls' }))
      const next = await store.put(await store.reserve('Second'), second)
      await meter.run('complete (and replace)', () => store.complete(next.id, { chain: chains[2] ?? [], assign: 'tls', replaces: id }))
      await meter.run('assign', () => store.assign('tls', undefined))
      await meter.run('delete', () => store.delete(next.id))
    }
    await store.close()
    return meter.rows()
  } finally {
    rmSync(base, { recursive: true })
  }
}

/** What no durable record can do without: some bytes appended, and one sync of the file. */
const floor = 'floor: append 400 bytes and sync'

async function barePut(disk: Disk, path: string, round: number): Promise<void> {
  const bytes = new Uint8Array(400)
  await (round === 0 ? disk.create(path, bytes) : disk.append(path, bytes))
  await disk.syncFile(path)
}

function selfSigned(privateKey: KeyObject): readonly Uint8Array[] {
  return [issueCertificate({ subject: { commonName: 'bench' }, privateKey, serial: '01', notBefore: Date.UTC(2026, 0), notAfter: Date.UTC(2036, 0), digest: 'sha256' })]
}

/** The Linux disk, with its syncs counted. */
class CountingDisk extends LinuxDisk implements Disk {
  syncs = 0

  override syncFile(path: string): Promise<void> {
    this.syncs += 1
    return super.syncFile(path)
  }

  override syncDirectory(path: string): Promise<void> {
    this.syncs += 1
    return super.syncDirectory(path)
  }
}

class Meter {
  readonly #disk: CountingDisk
  readonly #samples = new Map<string, { ms: number; syncs: number }[]>()

  constructor(disk: CountingDisk) {
    this.#disk = disk
  }

  async run<Result>(transaction: string, work: () => Promise<Result>): Promise<Result> {
    const [start, syncs] = [performance.now(), this.#disk.syncs]
    const result = await work()
    const samples = this.#samples.get(transaction) ?? []
    samples.push({ ms: performance.now() - start, syncs: this.#disk.syncs - syncs })
    this.#samples.set(transaction, samples)
    return result
  }

  /** Syncs are the median: now and then a commit also compacts the journal. */
  rows(): readonly KeyStoreRow[] {
    const at = (values: readonly number[], share: number): number => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0
    const times = (transaction: string): readonly number[] => (this.#samples.get(transaction) ?? []).map(({ ms }) => ms)
    return [...this.#samples].map(([transaction, samples]) => {
      const p50 = at(times(transaction), 0.5)
      return { transaction, runs: samples.length, p50, p99: at(times(transaction), 0.99), syncs: at(samples.map(({ syncs }) => syncs), 0.5), ratio: p50 / at(times(floor), 0.5) }
    })
  }
}
