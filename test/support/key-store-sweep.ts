import type { KeyStore, KeyStoreOptions } from '../../firmware/key-store/index.js'
import type { Disk } from '../../firmware/platform/index.js'
import { crashImages, describeImage } from './crash-images.js'
import { emptyImage, filesOf, rootNode, type DiskImage, type FileBytes } from './disk-image.js'
import { isWhole, openStore } from './key-store-fixture.js'
import { RecordingDisk } from './recording-disk.js'

/** What is done to a store, step by step; each step is one call whose promise is awaited. */
export interface Scenario {
  readonly title: string
  readonly options?: Partial<KeyStoreOptions>
  /** What is there before; all of it durable. Absent: the first boot itself is swept. */
  readonly prepare?: (store: KeyStore) => Promise<void>
  readonly steps: readonly ((store: KeyStore) => Promise<unknown>)[]
}

export interface SweepResult {
  /** Each a crash point with one choice of lost effects. */
  readonly states: number
  /** Those that differ in what a reader of the disk finds or in what must be found; each is opened once. */
  readonly distinct: number
  readonly crashPoints: number
  /** At most the first few; empty is the proof. */
  readonly violations: readonly string[]
}

/**
 * @param options.wrap puts a disk with a fault of its own between the store and the record
 * @param options.twice cuts the power again at each point of the first recovery
 * @param options.enough ends the sweep at that many violations
 */
export async function sweep(scenario: Scenario, { wrap = (disk) => disk, twice = false, enough = 5 }: { readonly wrap?: (disk: RecordingDisk) => Disk; readonly twice?: boolean; readonly enough?: number } = {}): Promise<SweepResult> {
  const { disk, views } = await perform(scenario, wrap)
  const violations: string[] = []
  const seen = new Set<string>()
  const once = async (state: string, check: () => Promise<string | undefined>): Promise<string | undefined> => {
    if (seen.has(state)) return undefined
    seen.add(state)
    return check()
  }
  let states = 0
  for (let prefix = 0; prefix <= disk.operations.length; prefix += 1) {
    const acknowledged = views.findLastIndex(({ at }) => at <= prefix)
    const allowed = views.slice(Math.max(acknowledged, 0), acknowledged + 2).map(({ view }) => view)
    for (const image of crashImages(disk, prefix)) {
      states += 1
      const recovery = new RecordingDisk(image)
      const fault = await once(`${acknowledged} ${contentsOf(image)}`, () => faultOf(scenario, recovery, allowed))
      if (fault !== undefined) violations.push(report(scenario, disk, prefix, fault, image))
      if (violations.length >= enough) return { states, distinct: seen.size, crashPoints: prefix, violations }
      for (let second = 1; twice && second <= (opened.get(recovery) ?? 0); second += 1) {
        for (const again of crashImages(recovery, second)) {
          states += 1
          const worse = await once(`${acknowledged} ${contentsOf(again)}`, () => faultOf(scenario, new RecordingDisk(again), allowed, false))
          if (worse !== undefined) violations.push(report(scenario, recovery, second, `in the recovery from a cut after ${prefix}: ${worse}`, again))
        }
      }
    }
  }
  return { states, distinct: seen.size, crashPoints: disk.operations.length + 1, violations }
}

function report({ title }: Scenario, disk: RecordingDisk, prefix: number, fault: string, image: DiskImage): string {
  const last = disk.operations[prefix - 1]
  return [`${title}: cut after ${prefix}: ${last?.call} ${last?.path}`, fault, ...describeImage(image)].join('\n  ')
}

const numbers = new WeakMap<FileBytes, number>()
let nextNumber = 0

/** What can be found on a disk, as one string: names, and for each file which bytes it has. */
function contentsOf(image: DiskImage, node = rootNode): string {
  const found = image.get(node)
  if (found instanceof Uint8Array) {
    const number = numbers.get(found) ?? nextNumber++
    numbers.set(found, number)
    return String(number)
  }
  return `{${[...found ?? []].map(([name, child]) => `${name}:${contentsOf(image, child)}`).sort().join()}}`
}

interface Acknowledged {
  /** Operations that were recorded when the call returned. */
  readonly at: number
  readonly view: string
}

async function perform({ prepare, options, steps }: Scenario, wrap: (disk: RecordingDisk) => Disk): Promise<{ disk: RecordingDisk; views: readonly Acknowledged[] }> {
  const start = prepare === undefined ? emptyImage : await prepared(prepare, options)
  const disk = new RecordingDisk(start)
  const store = await openStore(wrap(disk), options)
  const views: Acknowledged[] = [{ at: prepare === undefined ? disk.operations.length : 0, view: viewOf(store) }]
  for (const step of steps) {
    await step(store)
    views.push({ at: disk.operations.length, view: viewOf(store) })
  }
  return { disk, views }
}

async function prepared(prepare: (store: KeyStore) => Promise<void>, options: Partial<KeyStoreOptions> = {}): Promise<DiskImage> {
  const disk = new RecordingDisk()
  const store = await openStore(disk, options)
  await prepare(store)
  await store.close()
  return disk.image()
}

/** How many operations it took to open the store on a disk. */
const opened = new WeakMap<RecordingDisk, number>()

/** What is wrong with a store that is opened after a power cut, in words; undefined when all promises are kept. */
async function faultOf({ options }: Scenario, disk: RecordingDisk, allowed: readonly string[], goOn = true): Promise<string | undefined> {
  try {
    const store = await openStore(disk, options)
    opened.set(disk, disk.operations.length)
    const view = viewOf(store)
    // Before the end of the first boot nothing was acknowledged: ids are drawn anew, all else is the same.
    if (!allowed.includes(view)) return `found ${view}, expected ${allowed.join(' or ')}`
    const limit = (options?.limits?.maxKeys ?? 4) + (store.entries().some(({ exchangeFor }) => exchangeFor !== undefined) ? 1 : 0)
    if (store.entries().length > limit) return 'over the limit'
    if (store.keyFor('tls')?.state !== 'ready') return 'nothing serves TLS'
    const half = store.entries().find((entry) => !wholeBefore(store, entry, disk.start))
    if (half !== undefined) return `half key ${half.name}`
    if (store.problems().length > 0) return `a power cut was taken for damage: ${store.problems()[0]!.message}`
    if (!goOn) return undefined
    const [first] = store.entries()
    await store.assign('ipsec:after', first!.id)
    await store.close()
    const again = await openStore(new RecordingDisk(disk.image()), options)
    return again.keyFor('ipsec:after')?.id === first!.id && again.entries().length === store.entries().length ? undefined : 'a further call did not last'
  } catch (error) {
    return `threw ${String(error)}`
  }
}

/** All that a reader of the store can tell, without ids: those are drawn anew in a repeated first boot. */
function viewOf(store: KeyStore): string {
  return JSON.stringify([
    store.entries().map(({ name, kind, state, uses, chain, exchangeFor }) => [name, kind, state, [...uses].sort(), chain.map(({ length }) => length), exchangeFor !== undefined]),
    store.caCertificates().map(({ name }) => name).sort(),
  ])
}

/** Images share the bytes of their files, so a key that was once unsealed and found to fit need not be so again. */
const whole = new WeakMap<FileBytes, string>()

function wholeBefore(store: KeyStore, entry: ReturnType<KeyStore['entries']>[number], image: DiskImage): boolean {
  const leaf = Buffer.from(entry.chain[0] ?? []).toString('base64')
  const file = filesOf(image).get(`/store/generations/${entry.id}/key`)
  if (file !== undefined && whole.get(file) === leaf) return true
  const good = entry.state === 'pending' ? store.privateKey(entry.id).type === 'private' : isWhole(store, entry)
  if (good && file !== undefined) whole.set(file, leaf)
  return good
}
