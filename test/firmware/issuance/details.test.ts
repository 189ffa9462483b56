import test from 'ava'
import { PlatenError, type ErrorCode, type ErrorFacts } from '../../../protocol/errors.js'
import { explain } from '../../../firmware/issuance/index.js'

const told = (code: ErrorCode, facts: ErrorFacts = {}, transactionKept = false, polled = false): ReturnType<typeof explain> =>
  explain(new PlatenError(code, 'as it was', { facts }), { transactionKept, polled })

const verbatim: readonly (readonly [ErrorCode, ErrorFacts, string])[] = [
  ['deferred', {}, 'Deferred'],
  ['store-full', {}, 'Key and Certificate Registration Limit Error'],
  ['connect-failed', {}, 'Communication Error (TOP ERROR)'],
  ['timed-out', {}, 'Communication Error (TOP ERROR)'],
  ['http-status', { status: 503 }, 'Communication Error (TOP ERROR 503)'],
  ['scep-failure', { failInfo: 0 }, 'Communication Error (SCEP ERROR Fail Info 0)'],
  ['scep-failure', { failInfo: 1 }, 'Communication Error (SCEP ERROR Fail Info 1)'],
  ['scep-failure', { failInfo: 2 }, 'Communication Error (SCEP ERROR Fail Info 2)'],
  ['scep-failure', { failInfo: 3 }, 'Communication Error (SCEP ERROR Fail Info 3)'],
  ['scep-failure', { failInfo: 4 }, 'Communication Error (SCEP ERROR Fail Info 4)'],
]

for (const [code, facts, details] of verbatim) {
  test(`device.md 5: ${code} ${JSON.stringify(facts)} reads "${details}"`, (t) => {
    t.is(told(code, facts).details, details)
    t.is(told(code, facts).code, code)
  })
}

test('device.md 5: every failure of an answer has a text of its own, a stable code and advice', (t) => {
  const codes: readonly ErrorCode[] = ['redirect-refused', 'tls-untrusted', 'response-too-large', 'bad-response', 'signature-invalid', 'other-transaction', 'nonce-mismatch',
    'undecryptable', 'quirk-refused', 'algorithm-refused', 'certificate-not-for-our-key', 'chain-not-trusted', 'certificate-not-valid-now', 'ca-mismatch', 'ca-not-pinned',
    'clock-not-set', 'weak-key', 'disk-failed', 'interrupted', 'use-cannot-serve', 'probe-failed', 'listen-failed']
  const texts = codes.map((code) => told(code))
  t.is(new Set(texts.map(({ details }) => details)).size, codes.length)
  t.deepEqual(texts.filter(({ details, advice }) => details.includes('Internal') || advice === ''), [])
})

test('a refused quirk is named together with the policy that allows it', (t) => {
  const { details, advice } = told('quirk-refused', { quirk: 'des-reply' })
  t.regex(details, /des-reply/)
  t.regex(advice, /des-reply.*policy legacy/)
})

test('a poll for a transaction that the server forgot says so', (t) => {
  t.regex(told('scep-failure', { failInfo: 4 }, false, true).advice, /does not know this transaction/)
  t.notRegex(told('scep-failure', { failInfo: 4 }).advice, /transaction any more/)
})

test('what happens next is told: a kept transaction can be polled, after the wait that the server asked for', (t) => {
  t.regex(told('deferred', { retryAfterSeconds: 90 }, true).next, /poll.*wait 90 s/)
  t.regex(told('connect-failed').next, /ended/)
})

test('an error that no row foresaw still has a text and its code', (t) => {
  t.is(told('internal').details, 'Internal Error (internal)')
  t.not(told('internal').advice, '')
})
