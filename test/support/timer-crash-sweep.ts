import type { ExecutionContext } from 'ava'
import { hours, minutes } from '../../protocol/time.js'
import { VirtualClock } from '../../rig/boards/virtual-clock.js'
import { crashImages, describeImage } from './crash-images.js'
import type { DiskImage } from './disk-image.js'
import { fixtureKeys } from './fixture-keys.js'
import { keysIn } from './issuance-bench.js'
import { ScriptedScep, type Seen } from './scripted-scep.js'
import { timerBoard, type TimerBoard, type TimerBoardOptions } from './timer-board.js'

const { one, two, three } = fixtureKeys

/** A server that remembers each transaction: it defers new ones, grants at the next asking, and knows no others. */
export class RememberingScep extends ScriptedScep {
  readonly #csrs: Map<string, Uint8Array>
  readonly #wall: () => number
  readonly #defers: boolean
  #serial = 256

  constructor({ wall, defers, known = new Map() }: { readonly wall: () => number; readonly defers: boolean; readonly known?: ReadonlyMap<string, Uint8Array> }) {
    super()
    this.#wall = wall
    this.#defers = defers
    this.#csrs = new Map(known)
    this.capabilities = { standard: true, renewal: true }
    this.answer = (seen) => this.#answer(seen)
  }

  /** Requests that are remembered, by transaction. */
  get known(): ReadonlyMap<string, Uint8Array> {
    return this.#csrs
  }

  #answer({ message: { messageType, transactionId = '' }, content }: Seen): ReturnType<ScriptedScep['answer']> {
    if (messageType !== 'CertPoll') {
      this.#csrs.set(transactionId, Uint8Array.from(content))
      return this.#defers ? { fields: { status: 'PENDING' } } : this.#grant(content)
    }
    const csr = this.#csrs.get(transactionId)
    return csr === undefined ? { fields: { status: 'FAILURE', failInfo: 'badCertId' } } : this.#grant(csr)
  }

  #grant(csr: Uint8Array): ReturnType<ScriptedScep['answer']> {
    this.#serial += 1
    return { fields: { status: 'SUCCESS', certificates: [this.issue(csr, { notBefore: this.#wall(), notAfter: this.#wall() + 90 * hours(24), serial: this.#serial.toString(16) })] } }
  }
}

export interface TimerSweep {
  readonly defers: boolean
  /** From a board that has enrolled by its timer to one that has renewed; else from a new board to an enrolled one. */
  readonly renewal: boolean
  /** At most so many choices of lost effects at each crash point. */
  readonly images: number
}

/** What must be the same however often the power went. A restart that is asked for is fulfilled by any boot. */
function endOf(board: TimerBoard): string {
  const { attempt, duties, nextAttempt } = board.issuance.automatic.state()
  return JSON.stringify({
    keys: keysIn(board), serving: board.store.keyFor('tls')?.name, rows: board.rows(),
    attempt, nextAttempt, old: duties.deleteOld,
    problems: [board.store.problems(), board.issuance.problems(), board.settings.problems(), board.automaticSettings.problems()].flat().length,
  })
}

/** Runs one automatic issuance, cuts the power after each operation of the disk, and goes on from what is left. */
export async function sweepTimer(t: ExecutionContext, { defers, renewal, images }: TimerSweep): Promise<{ readonly crashPoints: number; readonly states: number; readonly violations: readonly string[] }> {
  let clock = new VirtualClock(Date.UTC(2027, 0, 1))
  let scep = new RememberingScep({ wall: () => clock.wall(), defers: renewal ? false : defers })
  const timer = { deleteOld: true, restartAfterAcquiring: true, challenge: 'secret' }
  let image: DiskImage | undefined
  if (renewal) {
    const enrolled = await timerBoard(t, { clock, scep, timer, maxKeys: 2, keys: [two] })
    await enrolled.pass(hours(2))
    await enrolled.close()
    image = enrolled.disk.image()
    const next = enrolled.issuance.automatic.view().nextAt ?? 0
    clock = new VirtualClock(next - minutes(1))
    const known = scep.known
    scep = new RememberingScep({ wall: () => clock.wall(), defers, known })
  }
  const before = scep.known.size
  const recorded = await record(t, { clock, scep, timer, maxKeys: renewal ? 2 : 8, keys: [three], ...(image === undefined ? {} : { image }) }, renewal ? minutes(14) : hours(2))
  const { board, walls } = recorded
  const expected = endOf(board)
  const violations: string[] = []
  let states = 0
  for (let prefix = recorded.from; prefix <= board.disk.operations.length; prefix += 1) {
    const wall = walls.find(({ count }) => count >= prefix)?.wall ?? clock.wall()
    const known = new Map([...scep.known].filter(([id]) => (recorded.sentAt.get(id) ?? 0) <= prefix))
    const all = [...crashImages(board.disk, prefix)]
    for (const cut of all.filter((_, index) => (index + prefix) % Math.ceil(all.length / images) === 0)) {
      states += 1
      const found = await goOn(t, cut, { wall, known, maxKeys: renewal ? 2 : 8, before })
      if (found === expected) continue
      const last = board.disk.operations[prefix - 1]
      violations.push([`cut after ${prefix}: ${last?.call} ${last?.path}`, found, `expected ${expected}`, ...describeImage(cut)].join('\n  '))
      if (violations.length >= 3) return { crashPoints: prefix, states, violations }
    }
  }
  return { crashPoints: board.disk.operations.length - recorded.from + 1, states, violations }
}

interface Recorded {
  readonly board: TimerBoard
  readonly from: number
  /** When there were so many operations. */
  readonly walls: readonly { readonly count: number; readonly wall: number }[]
  /** How many operations there were when a transaction's first message went out. */
  readonly sentAt: ReadonlyMap<string, number>
}

async function record(t: ExecutionContext, options: TimerBoardOptions & { readonly scep: RememberingScep; readonly clock: VirtualClock }, time: number): Promise<Recorded> {
  const { scep, clock } = options
  const sentAt = new Map([...scep.known.keys()].map((id) => [id, 0]))
  const board = await timerBoard(t, options)
  const from = board.disk.operations.length
  board.http.after = (_, response) => {
    for (const id of scep.known.keys()) if (!sentAt.has(id)) sentAt.set(id, board.disk.operations.length)
    return response
  }
  const walls: { count: number; wall: number }[] = []
  for (let passed = 0; passed < time; passed += minutes(1)) {
    await board.pass(minutes(1))
    walls.push({ count: board.disk.operations.length, wall: clock.wall() })
  }
  return { board, from, walls, sentAt }
}

/** The board after the power cut, two minutes later, until it has nothing more to do. */
async function goOn(t: ExecutionContext, image: DiskImage, { wall, known, maxKeys, before }: { readonly wall: number; readonly known: ReadonlyMap<string, Uint8Array>; readonly maxKeys: number; readonly before: number }): Promise<string> {
  const clock = new VirtualClock(wall + minutes(2))
  const scep = new RememberingScep({ wall: () => clock.wall(), defers: false, known })
  try {
    const board = await timerBoard(t, { image, clock, scep, maxKeys, keys: [one] })
    await board.pass(hours(2))
    const end = endOf(board)
    const requests = scep.known.size - before
    const leftovers = board.store.entries().length
    await board.close()
    return requests === 1 ? end : `${end} ${requests} requests at the server, ${leftovers} keys`
  } catch (error) {
    return `threw ${String(error)}`
  }
}
