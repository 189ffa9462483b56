import { seconds } from '../../../protocol/time.js'
import { spell, type Verdict } from '../../verdicts/index.js'
import { fact } from '../findings.js'
import type { Findings } from '../scenario.js'
import { storeConsistent } from './store-facts.js'
import type { UseSite } from './use-site.js'
import { powerCycle, requestFor, serialOf, served, servedWithin, type UseUnderTest } from './use-under-test.js'

/** A moment in an exchange of keys that can be seen from outside. */
interface Moment {
  readonly name: string
  /** The keys of which one may have the use after it. */
  readonly may: readonly string[]
  /** Resolves when it has come. */
  readonly come: (site: UseSite, subject: UseUnderTest) => Promise<boolean>
}

const logged = (pattern: RegExp) => async ({ bench, board }: UseSite): Promise<boolean> => {
  const from = board.log.length
  return bench.until(() => board.log.slice(from).some(({ text }) => pattern.test(text)), seconds(60))
}

const either = ['first', 'second'] as const

/** In the order in which an exchange comes to them; what the board does meanwhile goes on a little further each time. */
const moments: readonly Moment[] = [
  { name: 'the certificate has come', may: either, come: logged(/^request \d+: Storing the certificate/u) },
  { name: 'it is assigned, and about to be applied', may: either, come: logged(/^request \d+: Putting the certificate to its use/u) },
  { name: 'it was applied', may: either, come: appliedToThePeer },
  { name: 'the exchange has ended', may: ['second'], come: logged(/ key=second outcome=served /u) },
]

/** The power goes at each of these moments; the board comes up with one of the two keys, the store and the peer agree on which. */
export async function powerCuts(site: UseSite, subject: UseUnderTest): Promise<Findings> {
  const { bench, board } = site
  await bench.step('Have a key in service', { use: subject.use }, () => board.does(`request key-name=first ${subject.subject} use=${subject.use}`))
  const verdicts: Verdict[] = []
  for (const moment of moments) {
    const cut = await bench.step(`Cut the power when ${moment.name}`, {}, async () => {
      const come = moment.come(site, subject)
      const request = requestFor(subject, board, 'second').catch(() => undefined)
      const seen = await come
      await powerCycle(site, subject)
      await request
      return seen
    })
    verdicts.push(await bench.step('Use the board', {}, () => afterCut(site, subject, moment, cut)))
    await bench.step('Begin again', {}, () => begin(site, subject))
  }
  return { verdicts }
}

async function afterCut(site: UseSite, subject: UseUnderTest, moment: Moment, seen: boolean): Promise<Verdict> {
  const name = `power cut when ${moment.name}`
  const promise = `the key ${moment.may.map((key) => `"${key}"`).join(' or ')} has the use and serves within 60 s of the start; the store is consistent`
  if (!seen) return { ...fact(name, promise, false, 'the moment was not seen'), outcome: 'inconclusive' }
  const { verdict, key } = await storeConsistent(site.board, subject, moment.may, true)
  if (verdict.outcome !== 'pass') return { ...verdict, name, promise }
  const serial = await serialOf(site.board, key)
  const took = await servedWithin(site, subject, served(serial))
  return fact(name, promise, took !== undefined, took === undefined ? `"${key}" has the use, and nobody was served with it within 60 s` : `"${key}" has the use and serves ${spell(Math.round(took))} after the console was there; ${verdict.reason}`)
}

/** Back to the first key, without the second. */
async function begin({ board }: UseSite, { use }: UseUnderTest): Promise<void> {
  await board.does(`keys assign first ${use}`)
  await board.says('keys delete second')
}

/** The first client that is served with another certificate than before. */
async function appliedToThePeer(site: UseSite, { ask }: UseUnderTest): Promise<boolean> {
  const before = (await ask().catch(() => undefined))?.serial
  if (before === undefined) return logged(/^request \d+: Putting the certificate to its use/u)(site)
  const from = site.bench.time.monotonic()
  while (site.bench.time.monotonic() - from < seconds(60)) {
    const serial = (await ask().catch(() => undefined))?.serial
    if (serial !== undefined && serial !== before) return true
  }
  return false
}
