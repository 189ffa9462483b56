import test from 'ava'
import * as fc from 'fast-check'
import { PlatenError, type ErrorCode } from '../../../protocol/errors.js'
// The machine is inner to its folder; its promises are proved here, one by one.
import { begin, step, type Plan, type RequestEffect, type RequestInput, type RequestState } from '../../../firmware/issuance/request-machine.js'

function run(plan: Plan, ...inputs: RequestInput[]): { state: RequestState; did: readonly RequestEffect[] } {
  let state = begin(plan)
  const did: RequestEffect[] = []
  for (const input of inputs) {
    const next = step(state, input)
    state = next.state
    did.push(...next.effects)
  }
  return { state, did }
}

const works = (did: readonly RequestEffect[]): readonly string[] => did.map((effect) => (effect.do === 'work' ? effect.phase : effect.do))
const failure = (code: ErrorCode): RequestInput => ({ is: 'failed', error: new PlatenError(code, 'so') })
const upToSending: readonly RequestInput[] = [{ is: 'started' }, { is: 'slot-reserved' }, { is: 'server-checked' }, { is: 'key-made' }, { is: 'key-kept' }, { is: 'intent-recorded' }]
const upToAsking: readonly RequestInput[] = [{ is: 'started' }, { is: 'server-checked' }]
const newPlan: Plan = { kind: 'new', hasUse: true }
const pollPlan: Plan = { kind: 'poll', hasUse: false }

test('device.md 3: the limit is checked before a key is made and before anything goes to the server', (t) => {
  const { did } = run(newPlan, ...upToSending)
  t.deepEqual(works(did), ['reserving-slot', 'checking-server', 'making-key', 'keeping-key', 'recording-intent', 'sending-request'])
})

test('a full store ends the request before any other work', (t) => {
  t.deepEqual(works(run(newPlan, { is: 'started' }, failure('store-full')).did), ['reserving-slot', 'record-error', 'release'])
})

test('an issued certificate is stored, then put to its use, then recorded', (t) => {
  const { did, state } = run(newPlan, ...upToSending, { is: 'issued' }, { is: 'certificate-stored' }, { is: 'use-switched' })
  t.deepEqual(works(did).slice(-3), ['storing-certificate', 'switching-use', 'record-success'])
  t.is(state.at, 'ended')
})

test('without a use the stored certificate is the end', (t) => {
  t.deepEqual(works(run(pollPlan, ...upToAsking, { is: 'issued' }, { is: 'certificate-stored' }).did), ['checking-server', 'asking-again', 'storing-certificate', 'record-success'])
})

test('a deferred manual request ends as Error / Deferred, keeps its transaction, and keeps the slot', (t) => {
  const { did } = run(newPlan, ...upToSending, { is: 'pending', retryAfterSeconds: 60 })
  const last = did.at(-1)
  t.true(last?.do === 'record-error' && last.transactionKept && last.error.code === 'deferred' && last.error.facts['retryAfterSeconds'] === 60)
})

test('any other failure of a new request ends it and gives the slot back', (t) => {
  for (const code of ['connect-failed', 'timed-out', 'http-status', 'scep-failure', 'signature-invalid', 'undecryptable', 'internal'] as const) {
    const { did } = run(newPlan, ...upToSending, failure(code))
    t.deepEqual(works(did).slice(-2), ['record-error', 'release'])
  }
})

test('C-14: a poll that fails to bring the word of the CA loses neither transaction nor key', (t) => {
  for (const code of ['connect-failed', 'timed-out', 'http-status', 'signature-invalid', 'other-transaction', 'bad-response', 'quirk-refused', 'ca-mismatch', 'undecryptable', 'disk-failed'] as const) {
    const last = run(pollPlan, ...upToAsking, failure(code)).did.at(-1)
    t.true(last?.do === 'record-error' && last.transactionKept, code)
  }
})

test('a poll that the CA answers with a refusal ends the transaction and gives the slot back', (t) => {
  for (const code of ['scep-failure', 'certificate-not-for-our-key', 'chain-not-trusted', 'key-not-found'] as const) {
    t.deepEqual(works(run(pollPlan, ...upToAsking, failure(code)).did).slice(-2), ['record-error', 'release'])
  }
})

test('a use that cannot be switched does not cost the certificate', (t) => {
  const { did } = run(newPlan, ...upToSending, { is: 'issued' }, { is: 'certificate-stored' }, failure('probe-failed'))
  const last = did.at(-1)
  t.true(last?.do === 'record-error' && last.certificateKept)
})

test('whatever happens, a run ends once, records once, and never sends before the intent is recorded', (t) => {
  const input: fc.Arbitrary<RequestInput> = fc.oneof(
    fc.constantFrom<RequestInput>({ is: 'started' }, ...upToSending, { is: 'issued' }, { is: 'pending' }, { is: 'certificate-stored' }, { is: 'use-switched' }),
    fc.constantFrom<ErrorCode>('store-full', 'timed-out', 'scep-failure', 'probe-failed').map(failure))
  fc.assert(fc.property(fc.constantFrom<Plan['kind']>('new', 'poll'), fc.boolean(), fc.array(input, { maxLength: 40 }), (kind, hasUse, inputs) => {
    let state = begin({ kind, hasUse })
    const did: string[] = []
    for (const one of inputs) {
      try {
        const next = step(state, one)
        state = next.state
        did.push(...works(next.effects))
      } catch (error) {
        t.true(error instanceof TypeError)
      }
    }
    t.is(did.filter((work) => work.startsWith('record-')).length, state.at === 'ended' ? 1 : 0)
    if (did.includes('sending-request')) t.true(did.indexOf('recording-intent') < did.indexOf('sending-request') && did.includes('recording-intent'))
  }))
})
