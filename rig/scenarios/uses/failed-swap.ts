import type { ResultLine } from '../../../protocol/commands/index.js'
import { spell, type Verdict } from '../../verdicts/index.js'
import { fact } from '../findings.js'
import type { Findings } from '../scenario.js'
import { storeConsistent } from './store-facts.js'
import type { UseSite } from './use-site.js'
import { backWithin, powerCycle, requestFor, serialOf, served, servedWithin, whatIsShown, type UseUnderTest } from './use-under-test.js'

/** Something that goes wrong when a key is exchanged. */
export interface Mishap {
  /** The step, as a person says it: "Kill the daemon". */
  readonly name: string
  readonly happens: () => Promise<void>
  /**
   * Puts the world right after the board has answered, where the old key cannot serve without: the supervisor of a
   * daemon that is dead starts it again. The minute counts from then.
   */
  readonly ends?: () => Promise<void>
  /** What the board has to tell a person, in its status. */
  readonly reason: RegExp
  /** How the board comes by the new key `second`; default: it asks for one. */
  readonly exchange?: () => Promise<ResultLine>
}

/**
 * A board serves with a key, is to have another, and something goes wrong: the old key serves within 60 s, the status
 * has the reason, and the key store is consistent, also after a restart (device.md sections 6 and 7).
 */
export async function failedSwap(site: UseSite, subject: UseUnderTest, mishap: Mishap): Promise<Findings> {
  const { bench, board } = site
  const old = await bench.step('Have a key in service', { use: subject.use }, async () => {
    await board.does(`request key-name=first ${subject.subject} use=${subject.use}`)
    const serial = await serialOf(board, 'first')
    return { serial, took: await servedWithin(site, subject, served(serial)) }
  })
  if (old.took === undefined) return { verdicts: [fact('serves at first', 'the first certificate serves', false, 'nobody was served with the first certificate within 60 s')] }
  await bench.step(mishap.name, {}, mishap.happens)
  const from = bench.time.monotonic()
  const answer = await bench.step('Exchange the key', {}, mishap.exchange ?? (() => requestFor(subject, board, 'second')))
  const answered = bench.time.monotonic() - from
  const shown = await whatIsShown(subject, board)
  if (mishap.ends !== undefined) await bench.step('Put that right', {}, mishap.ends)
  const back = await bench.step('Use the board', {}, () => servedWithin(site, subject, served(old.serial)))
  const since = back === undefined || mishap.ends !== undefined ? back : back + answered
  const { verdict: store } = await storeConsistent(board, subject, ['first'])
  const after = await bench.step('Cut the power, switch on, use the board', {}, async () => {
    await powerCycle(site, subject)
    return servedWithin(site, subject, served(old.serial))
  })
  return { verdicts: [refused(answer), servesAgain(since, mishap), told(mishap.reason, answer.ok ? JSON.stringify(answer.values) : `${answer.message} [${answer.code}]`, shown), store, servesAfterRestart(after)] }
}

function refused(answer: ResultLine): Verdict {
  return fact('the new key is not put to its use', 'the board says that the exchange failed', !answer.ok, answer.ok ? 'the board says that all went well' : `the board answered: ${answer.message} [${answer.code}]`)
}

/** @param since from the exchange, or from when things were put right, ms */
function servesAgain(since: number | undefined, { ends }: Mishap): Verdict {
  const so = since !== undefined && since <= backWithin
  const from = ends === undefined ? 'the exchange was asked for' : 'that was put right'
  return fact('the old key serves', `whoever uses the board is served with the old certificate within 60 s after ${from}`, so,
    since === undefined ? `nobody was served with the old certificate within 60 s after ${from}` : `served with the old certificate ${spell(Math.round(since))} after ${from}`, since === undefined ? {} : { 'served after, ms': Math.round(since) })
}

function told(reason: RegExp, answer: string, shown: string): Verdict {
  const found = reason.exec(shown)?.[0]
  return fact('the status has the reason', `the status tells why, in words (${reason.source})`, found !== undefined,
    found === undefined ? `the status does not tell; the board had answered ${answer}` : `it says: "${found}"`)
}

function servesAfterRestart(after: number | undefined): Verdict {
  return fact('the old key serves after a power cut', 'the store opens, and the old certificate serves', after !== undefined,
    after === undefined ? 'nobody was served with the old certificate within 60 s after the board was switched on' : `served ${spell(Math.round(after))} after the console was there`)
}
