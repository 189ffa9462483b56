import { randomBytes } from 'node:crypto'
import { Duplex } from 'node:stream'
import { Access, CommandRunner, type Services } from '../../firmware/commands/index.js'
import type { HistoryEntry } from '../../firmware/issuance/index.js'
import { LogBook } from '../../firmware/platform/index.js'
import { SerialConsole } from '../../firmware/serial/index.js'
import { IpsecUses } from '../../firmware/key-use/index.js'
import { Ieee8021xSettingsFile, IpsecPolicies, Settings } from '../../firmware/settings/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { ConsoleDriver } from '../../rig/boards/console-driver.js'
import { ConsoleSession } from '../../rig/boards/console-session.js'
import { VirtualClock } from '../../rig/boards/virtual-clock.js'
import { openStore } from './key-store-fixture.js'
import { RecordingDisk } from './recording-disk.js'

/** A guess costs nothing in tests. */
export const cheap = { cost: 16, blockSize: 1, parallel: 1 }
export const fingerprint = 'ab'.repeat(32)
export const start = Date.UTC(2026, 5, 1, 12)

export const successful: HistoryEntry = {
  id: 1, requestedAt: start, status: 'Successful', details: '', keyName: 'office', issuedAt: start + 1000, extra: { transactionId: '00ff', use: 'tls', enabled: true },
}

/** Issuance as commands see it, without a server; what it was asked is kept. */
export class IssuanceStandIn {
  readonly asked: unknown[] = []
  entries: HistoryEntry[] = []
  answer: () => Promise<HistoryEntry> = () => Promise.resolve(successful)
  pinned: string | undefined

  request(...given: Parameters<Services['issuance']['request']>): Promise<HistoryEntry> {
    this.asked.push(given[0], given[1]?.challenge)
    given[1]?.progress?.({ phase: 'making-key', text: 'Making a 2048-bit key …' })
    return this.answer()
  }

  poll(...given: Parameters<Services['issuance']['poll']>): Promise<HistoryEntry> {
    this.asked.push(given[0])
    return this.answer()
  }

  giveUp(transactionId?: string): Promise<HistoryEntry> {
    this.asked.push(`give up ${transactionId ?? ''}`)
    return this.answer()
  }

  history(): readonly HistoryEntry[] {
    return this.entries
  }

  fetchAuthority(): ReturnType<Services['issuance']['fetchAuthority']> {
    return Promise.resolve({
      fingerprint, subject: 'CN=Example Root', notBefore: start, notAfter: start + 1e11, pin: 'not-pinned', capabilities: ['AES', 'SHA-256'],
      certificates: [{ role: 'CA', subject: 'CN=Example Root', notAfter: start + 1e11, fingerprint }],
    })
  }

  pin(given: string): ReturnType<Services['issuance']['pin']> {
    if (given !== fingerprint) return Promise.reject(new PlatenError('ca-mismatch', 'The server shows another CA.', { fix: 'Compare.' }))
    this.pinned = given
    return Promise.resolve({ fingerprint, subject: 'CN=Example Root', changed: true })
  }

  problems(): readonly PlatenError[] {
    return []
  }
}

/** A timer that is off, or on and idle, as commands see it; its updates are kept. */
export class TimerStandIn {
  readonly updates: unknown[] = []
  enabled = false

  settings(): ReturnType<Services['automatic']['settings']> {
    return { revision: 0, enabled: this.enabled, autoAdjust: true, renewByExpiry: true, restartAfterAcquiring: false, deleteOld: false, hasChallenge: false }
  }

  update(update: Parameters<Services['automatic']['update']>[0]): ReturnType<Services['automatic']['update']> {
    this.updates.push(update)
    this.enabled = update.enabled ?? this.enabled
    return Promise.resolve(this.settings())
  }

  view(): ReturnType<Services['automatic']['view']> {
    return { polls: 0 }
  }

  keysChanged(): void {
    // Nothing hangs on the keys here.
  }
}

/** The commands and the console of a board over a disk in memory, with everything it wrote in reach of the test. */
export async function consoleBoard({ disk = new RecordingDisk(), clock = new VirtualClock(start) }: { readonly disk?: RecordingDisk; readonly clock?: VirtualClock } = {}) {
  const logged: string[] = []
  const log = new LogBook({ clock, bootId: '1a2b3c4d', level: 'debug', write: (line) => logged.push(line) })
  const store = await openStore(disk, { log })
  const settings = await Settings.open({ disk, directory: '/', log })
  const ieee8021x = await Ieee8021xSettingsFile.open({ disk, directory: '/', log })
  const access = await Access.open({ disk, directory: '/', clock, random: (count) => Uint8Array.from(randomBytes(count)), log, cost: cheap })
  const ipsecPolicies = await IpsecPolicies.open({ disk, directory: '/', log })
  const uses = { lastSwap: () => undefined, add: () => undefined, remove: () => Promise.resolve(), inTurn: <Result>(_: string, work: () => Promise<Result>) => work() }
  const ipsec = await IpsecUses.open({ policies: ipsecPolicies, store, uses, disk, processes: undefined, directory: '/run/ipsec', socket: 'unix:///none', clock, log })
  const issuance = new IssuanceStandIn()
  const restarts: string[] = []
  const board = { product: 'Platen', version: '0.1.0', bootId: '1a2b3c4d', restartReason: 'first start', startedAt: clock.monotonic(), httpsPort: () => 443, problems: [] }
  const services: Services = {
    board, clock, random: (count) => Uint8Array.from(randomBytes(count)), access, settings, automatic: new TimerStandIn(), automaticSettings: { problems: () => [] }, store, limits: { maxKeys: 4, maxCaCertificates: 2 }, issuance, ieee8021x, ipsec, ipsecPolicies, log,
    useKey: { problems: () => [], refresh: () => Promise.resolve(), switch: () => Promise.resolve(), probe: () => Promise.resolve(), undo: () => Promise.resolve({ enabled: true, caveats: [] }), list: () => Promise.resolve([{ use: 'tls', key: 'Default Key', state: 'serving', detail: '', caveats: [] }]), put: async (use, id) => {
      await store.assign(use, store.entries()[0]?.id === id ? undefined : id)
      return { enabled: use === 'tls', caveats: [] }
    } },
    restart: (reason) => {
      restarts.push(reason)
      return Promise.resolve()
    },
  }
  const commands = new CommandRunner(services)
  const serialConsole = new SerialConsole({ board, access, commands, clock, log, random: (count) => Uint8Array.from(randomBytes(count)) })
  return { disk, clock, logged, store, settings, access, issuance, restarts, services, commands, console: serialConsole }
}

export type ConsoleBoard = Awaited<ReturnType<typeof consoleBoard>>

/** The two ends of a serial line in memory: what one writes the other reads, and it ends for both. */
export function linePair(): readonly [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex => new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _, done) => {
      other().push(bytes)
      done()
    },
    destroy: (error, done) => {
      if (!other().destroyed) other().destroy()
      done(error)
    },
  })
  const board: Duplex = make(() => person)
  const person: Duplex = make(() => board)
  return [board, person]
}

/** A person at a terminal of the board; hang up with `person.destroy()`. */
export function sitDown(board: ConsoleBoard) {
  const [line, person] = linePair()
  const seen: string[] = []
  const served = board.console.serve(line)
  const session = new ConsoleSession(person, new VirtualClock(0), (text) => seen.push(text))
  return { line, person, served, session, driver: new ConsoleDriver(session), seen: () => seen.join(''), type: (text: string | Uint8Array) => void person.write(text) }
}

export const password = 'correct horse'

/** A new board with its administrator signed in at the prompt. */
export async function signedIn(board?: ConsoleBoard) {
  const used = board ?? await consoleBoard()
  const desk = sitDown(used)
  await desk.driver.signIn(password)
  return { ...desk, board: used }
}
