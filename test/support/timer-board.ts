import type { ExecutionContext } from 'ava'
import type { HistoryEntry } from '../../firmware/issuance/index.js'
import type { AutomaticUpdate } from '../../firmware/settings/index.js'
import { hours, milliseconds, seconds, type Duration } from '../../protocol/time.js'
import { VirtualClock } from '../../rig/boards/virtual-clock.js'
import { fixtureKeys } from './fixture-keys.js'
import { bench, type Bench, type BenchOptions } from './issuance-bench.js'
import { ScriptedScep } from './scripted-scep.js'

/** When the boards of these tests are switched on. */
export const newYear = Date.UTC(2027, 0, 1)

/** Request Start Date/Time, without its jitter. */
export const startAt = newYear + hours(1)

export interface TimerBoard extends Bench {
  readonly scep: ScriptedScep
  /** Messages that the server has got, as `PKCSReq` with the wall time of each. */
  readonly sent: { readonly type: string; readonly at: number }[]
  /** Rows as `Status/code`, newest first. */
  rows(): readonly string[]
  /** The newest row that is not the next request. */
  newest(): HistoryEntry | undefined
  /** Moves time to this wall moment; all that is due on the way happens. */
  until(wall: number): Promise<void>
  pass(time: Duration): Promise<void>
}

export interface TimerBoardOptions extends BenchOptions {
  readonly scep?: ScriptedScep
  readonly sent?: TimerBoard['sent']
  readonly timer?: AutomaticUpdate | undefined
}

/** A board whose timer is set for `startAt` with a jitter of 60 s, in virtual time, at a server without sockets. */
export async function timerBoard(t: ExecutionContext, options: TimerBoardOptions = {}): Promise<TimerBoard> {
  const { scep = new ScriptedScep(), clock = new VirtualClock(newYear), sent = [], timer = {} } = options
  const server = {
    exchange: (request: Parameters<ScriptedScep['exchange']>[0]) => {
      const before = scep.seen.length
      const answer = scep.exchange(request)
      return answer.finally(() => scep.seen.slice(before).forEach(({ message }) => sent.push({ type: message.messageType, at: clock.wall() })))
    },
  }
  const board = await bench(t, { keys: [fixtureKeys.two, fixtureKeys.three], jitter: 60, ...options, clock, server })
  if (options.image === undefined) {
    await board.settings.update({ url: 'http://ca.example.com/scep', caFingerprint: scep.root.certificate.fingerprint })
    await board.automaticSettings.update({ enabled: true, startAt, keyName: 'office', commonName: 'printer.example.com', use: 'tls', polling: true, pollCount: 3, pollIntervalMinutes: 10, ...timer })
  }
  await board.issuance.automatic.start()
  await clock.advance(milliseconds(0))
  return {
    ...board, scep, sent,
    rows: () => board.issuance.history().map(({ status, code }) => (code === undefined ? status : `${status}/${code}`)),
    newest: () => board.issuance.history().find(({ details }) => !details.startsWith('Next Request')),
    until: (wall) => clock.advance(milliseconds(wall - clock.wall())),
    pass: (time) => clock.advance(time),
  }
}

/** The moment of the first request: with its jitter. */
export const firstRequest = startAt + seconds(60)

/** A server that defers a request this often before it issues. */
export function deferring(times = Infinity): ScriptedScep {
  const scep = new ScriptedScep()
  let asked = 0
  let csr = new Uint8Array()
  scep.answer = ({ message, content }) => {
    if (message.messageType !== 'CertPoll') csr = Uint8Array.from(content)
    asked += 1
    return { fields: asked <= times ? { status: 'PENDING' } : { status: 'SUCCESS', certificates: [scep.issue(csr)] } }
  }
  return scep
}

export function refusing(failInfo: 'badAlg' | 'badMessageCheck' | 'badRequest' | 'badTime' | 'badCertId'): ScriptedScep {
  const scep = new ScriptedScep()
  scep.answer = () => ({ fields: { status: 'FAILURE', failInfo } })
  return scep
}
