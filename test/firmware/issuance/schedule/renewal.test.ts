import test from 'ava'
import { fallbackKind, firstKind, requestKinds } from '../../../../firmware/issuance/schedule/index.js'
import { ScheduledBoard, day, hour, minute, settings, today } from '../../../support/scheduled-board.js'

const certificate = { id: 'current', notBefore: today, notAfter: today + 300 * day }

test('device.md 4: the order is RenewalReq, PKCSReq signed by the old certificate, PKCSReq with the challenge', (t) => {
  t.deepEqual(requestKinds, ['renewal', 'old-certificate', 'challenge'])
  t.is(fallbackKind('renewal', { code: 'scep-failure', failInfo: 2 }), 'old-certificate')
  t.is(fallbackKind('old-certificate', { code: 'scep-failure', failInfo: 2 }), 'challenge')
  t.is(fallbackKind('challenge', { code: 'scep-failure', failInfo: 2 }), undefined)
})

test('a certificate signs a renewal from its first to its last millisecond, and not one more', (t) => {
  t.is(firstKind(certificate, today - 1), 'challenge')
  t.is(firstKind(certificate, today), 'renewal')
  t.is(firstKind(certificate, certificate.notAfter - 1), 'renewal')
  t.is(firstKind(certificate, certificate.notAfter), 'challenge')
  t.is(firstKind(undefined, today), 'challenge')
})

for (const [failInfo, name, cured] of [[0, 'badAlg', false], [1, 'badMessageCheck', true], [2, 'badRequest', true], [3, 'badTime', false], [4, 'badCertId', true]] as const) {
  test(`FAILURE ${name} ${cured ? 'falls back to the next kind' : 'is not cured by another kind and stands'}`, (t) => {
    t.is(fallbackKind('renewal', { code: 'scep-failure', failInfo }), cured ? 'old-certificate' : undefined)
  })
}

test('nothing but a FAILURE or a CA without Renewal falls back: no broken answer makes the board give out its challenge', (t) => {
  t.is(fallbackKind('renewal', { code: 'renewal-not-offered' }), 'old-certificate')
  for (const code of ['connect-failed', 'timed-out', 'http-status', 'deferred', 'signature-invalid', 'bad-response', 'undecryptable', 'store-full', 'scep-failure'] as const) {
    t.is(fallbackKind('renewal', { code }), undefined, code)
  }
})

const due = (): ScheduledBoard => {
  const board = new ScheduledBoard({ with: settings({ startAt: today + hour, polling: { count: 3, intervalMinutes: 10 } }) })
  board.certificate = certificate
  board.pass(2 * hour)
  return board
}

test('C-20: a fallback is sent at once within the same request, and is no poll', (t) => {
  const board = due()
  board.answer({ is: 'renewal-not-offered' })
  board.fail('scep-failure', 2)
  t.deepEqual(board.sent.map(({ kind, attempt }) => [kind, attempt]), [['renewal', 1], ['old-certificate', 1], ['challenge', 1]])
  board.fail('scep-failure', 2)
  t.like(board.ends, [{ status: 'Error', code: 'scep-failure', polls: 0 }])
  t.is(board.sent.length, 3)
})

test('a refusal after PENDING is a person\'s decision: the request ends, and no other kind is tried', (t) => {
  const board = due()
  board.intent('T1')
  board.answer({ is: 'pending' })
  board.pass(10 * minute)
  board.fail('scep-failure', 2)
  t.like(board.ends, [{ status: 'Error', code: 'scep-failure' }])
  t.is(board.sent.length, 2)
})

test('a certificate that expires while a request is polled signs no later message of it', (t) => {
  const board = due()
  board.fail('connect-failed')
  board.certificate = { ...certificate, notAfter: board.wall + 10 * minute }
  board.pass(10 * minute)
  t.is(board.sent.at(-1)?.kind, 'challenge')
})
