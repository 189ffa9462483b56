import { days, minutes } from '../../../protocol/time.js'
import { judgeIntervals, measure } from '../../verdicts/index.js'
import { after, fact } from '../findings.js'
import type { Scenario } from '../scenario.js'
import { setTimer } from '../timer.js'

/** What the rig's server issues for (its default), and the five minutes by which its certificates begin in the past. */
const lifetime = days(365) + minutes(5)
const renewals = 3

/** device.md section 4, renewal by expiry. */
export const renewalByExpiry: Scenario = {
  name: 'renewal-by-expiry',
  promise: 'a certificate is renewed when a third of its lifetime is left, by a RenewalReq with a new key',
  clocks: ['virtual'],
  boards: 1,
  async run(bench) {
    const board = await bench.station('board 1')
    const start = bench.soon()
    await setTimer(board, { start, renew: true, deleteOld: true, use: 'tls' })
    const wait = lifetime * 2 / 3 - minutes(5)
    await bench.step('Leave the board alone until it has renewed three times', {}, async () => {
      await bench.until(() => board.contacts().length > renewals, days(365 * renewals))
      await bench.pass(days(1))
    })
    const contacts = board.contacts()
    const intervals = contacts.slice(1).map((contact, at) =>
      measure(`renewal ${at + 1}`, contacts[at]?.answered ?? 0, contact.at, after(bench, wait), bench.witness, board.name))
    const kinds = contacts.map(({ message }) => message ?? '?')
    const issued = new Set(contacts.map(({ serial }) => serial)).size
    return {
      intervals,
      verdicts: [
        judgeIntervals({ name: 'renewed at a third', promise: renewalByExpiry.promise, event: 'renewal', count: renewals }, intervals),
        fact('renewed by RenewalReq', 'first a PKCSReq, then a RenewalReq each time', kinds.every((kind, at) => kind === (at === 0 ? 'PKCSReq' : 'RenewalReq')), `the messages were ${kinds.join(', ')}`),
        fact('each renewal is a new certificate', 'no certificate comes twice', issued === contacts.length, `${issued} certificates in ${contacts.length} requests`, { issued }),
      ],
    }
  },
}
