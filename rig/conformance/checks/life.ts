import type { RigPlatform } from '../../platform/index.js'
import type { FaultScript } from '../../scep-server/index.js'
import { fail, inconclusive, messagesOf, pass, unobservable, type Check, type Finding, type Stage } from '../check.js'
import { asksWithoutClock, looksUp } from '../firmware-client.js'
import { renewal } from '../virtual-renewal.js'
import { displayObserved, type Observed } from '../witness.js'

const virtualBoard = 'the firmware in this process on virtual time'
const library = 'the firmware\'s SCEP client in this process'

/** The request that follows a certificate: ours a virtual day later, a program's when it is run once more. */
async function renewals(stage: Stage, seed: string, later: FaultScript): Promise<readonly Observed[]> {
  if (stage.subject.kind === 'board') {
    const seen = await renewal(seed, later)
    stage.show(seen.map(displayObserved))
    return messagesOf(seen)
  }
  const enrolment = await stage.prepare()
  await enrolment.enrol()
  stage.misbehave(later)
  await enrolment.enrol({ again: true })
  return messagesOf(stage.witness.seen)
}

function judgeRenewal([first, second]: readonly Observed[]): Finding {
  if (first === undefined || second === undefined) return inconclusive('It sent fewer than two requests.')
  if (second.message?.messageType !== 'RenewalReq') return unobservable(`The second request is a ${second.message?.messageType ?? '?'}: it was not seen to renew.`)
  const { serial = 'none' } = first.record ?? {}
  return second.message.signerId.serial === serial ? pass(`RenewalReq, signed by the certificate ${serial.slice(0, 16)}….`) : fail(`RenewalReq, signed by the certificate ${second.message.signerId.serial ?? '?'} and not by ${serial}.`)
}

export function lifeChecks(platform: RigPlatform, seed: string): readonly Check[] {
  const check = (rule: Check['rule'], name: string, through: string, expectation: string, script: FaultScript, play: Check['play']): Check => ({ rule, name, through, expectation, script, play })
  return [
    check('C-16', 'no-challenge-in-renewal', virtualBoard, 'A RenewalReq carries no challenge.', { faults: [] }, async (stage) => {
      const renewed = (await renewals(stage, seed, { faults: [] })).find(({ message }) => message?.messageType === 'RenewalReq')
      if (renewed === undefined) return unobservable('It was not seen to renew.')
      return renewed.csr?.challengePassword === undefined ? pass('None.') : fail('It sent one.')
    }),
    check('C-20', 'renewal', virtualBoard, 'Where the CA says Renewal, the current certificate signs a RenewalReq.', { faults: [] }, async (stage) => judgeRenewal(await renewals(stage, seed, { faults: [] }))),
    check('C-20', 'no-renewal-unasked', virtualBoard, 'Where the CA does not say Renewal no RenewalReq is sent.', { faults: ['empty-caps'] }, async (stage) => {
      const [first, ...later] = await renewals(stage, seed, { faults: ['empty-caps'] })
      if (first === undefined || later.length === 0) return inconclusive('It sent fewer than two requests.')
      return later.some(({ message }) => message?.messageType === 'RenewalReq') ? fail('It sent a RenewalReq.') : pass(`It sent ${later.map(({ message }) => message?.messageType ?? '?').join(', ')}.`)
    }),
    check('C-21', 'look-up', library, 'GetCert and GetCRL by issuer and serial number.', { faults: [] }, async ({ subject, target }) =>
      (subject.kind === 'board' ? looksUp(platform, target) : unobservable('A command line that enrols looks nothing up.'))),
    check('C-22', 'no-signing-time', library, 'Without a set clock signingTime is left out.', { faults: [] }, async ({ subject, target, witness }) => {
      if (subject.kind === 'command') return unobservable('A command line cannot be told that the clock is not set.')
      await asksWithoutClock(platform, target)
      const [sent] = messagesOf(witness.seen)
      if (sent === undefined) return inconclusive('It sent no message.')
      return sent.message?.signingTime === undefined ? pass('Left out.') : fail('It stated a signingTime.')
    }),
  ]
}
