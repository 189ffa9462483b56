import test, { type ExecutionContext } from 'ava'
import { parseHTML } from 'linkedom'
import { linuxPlatform, type RigPlatform } from '../../rig/platform/index.js'
import { commandWords, conformancePage, markdown, outcomeOf, ruleNames, runConformance, verdictOf, type ConformanceRecord, type Ended, type Rule, type Subject } from '../../rig/conformance/index.js'
import { fixturePlatform } from '../support/rig-server.js'
import { RawScepClient } from '../support/raw-scep-client.js'
import { fixtureKeys } from '../support/fixture-keys.js'

const platform: RigPlatform = { ...linuxPlatform(), keys: fixturePlatform().keys }

/** A program that is run once for each enrolment. */
function subject(enrol: (url: string) => Promise<Ended>): Subject {
  return {
    name: 'for tests', kind: 'command', atOnce: 4,
    prepare: (target) => Promise.resolve({ enrol: () => enrol(target.url), cutOff: () => Promise.resolve(), resume: () => enrol(target.url) }),
    close: () => Promise.resolve(),
  }
}

const run = (who: Subject, only?: readonly Rule[]): Promise<ConformanceRecord> =>
  runConformance({ platform, subject: who, canTrust: false, seed: 'tests', replay: 'npm run rig -- conformance', onResult: () => undefined, ...(only === undefined ? {} : { only }) })

const outcomes = (record: ConformanceRecord): Record<string, string> =>
  Object.fromEntries(record.rules.flatMap(({ checks }) => checks.map(({ name, outcome }) => [name, outcome])))

/** Takes whatever comes, and calls it a certificate. */
async function careless(url: string): Promise<Ended> {
  const client = await RawScepClient.open(url, fixtureKeys.four)
  await client.call('GetCACaps')
  const { status } = await client.request()
  return { enrolled: status === 'SUCCESS', said: `status ${status ?? 'none'}`, hung: false }
}

test('every rule has checks, and a client that does nothing passes none that asks it to enrol', async (t) => {
  const record = await run(subject(() => Promise.resolve({ enrolled: false, said: 'did nothing', hung: false })))
  t.deepEqual(record.rules.map(({ rule }) => rule), [...ruleNames])
  for (const { rule, checks } of record.rules) t.true(checks.length > 0, rule)
  const passed = record.rules.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome === 'pass').map(({ name }) => name)
  // It has indeed sent nothing to a server that it does not trust.
  t.deepEqual(passed, ['no-pin'])
  t.is(verdictOf(record), 'fail')
})

test('a client that takes whatever comes fails what it did not look at, each with the exchange that proves it', async (t) => {
  const record = await run(subject(careless), ['C-1', 'C-2', 'C-8', 'C-9', 'C-11', 'C-13', 'C-18'])
  t.like(outcomes(record), {
    'no-pin': 'fail', 'strong-out': 'pass', 'nonce-length': 'pass', 'wrong-nonce': 'fail', 'no-nonce': 'fail', 'other-signer': 'fail', 'other-transaction': 'fail',
    'wrong-key': 'fail', 'signature-first': 'unobservable', 'cert-poll': 'inconclusive', 'ber-in': 'pass', 'no-sender-nonce': 'pass',
  })
  const nonce = record.rules.flatMap(({ checks }) => checks).find(({ name }) => name === 'wrong-nonce')
  t.regex(nonce!.transcript.join('\n'), /POST PKIOperation PKCSReq, sha256, aes128-cbc, pkcs1, transaction \w+, nonce \w+… \(16 bytes\) → SUCCESS \[fault wrong-nonce\]/)
})

function sample(t: ExecutionContext): ConformanceRecord {
  const check = { expectation: 'A <b> is | refused.', script: 'none', through: 'the command line', reason: 'It took it.', transcript: ['GET GetCACaps → HTTP 200'] } as const
  t.is(outcomeOf([]), 'unobservable')
  return {
    subject: 'client {url}', seed: 's', replay: 'npm run rig -- conformance --seed s', startedAt: 0, took: 1500,
    rules: [
      { rule: 'C-8', statement: 'Nonces', outcome: 'fail', checks: [{ ...check, rule: 'C-8', name: 'wrong-nonce', outcome: 'fail' }] },
      { rule: 'C-21', statement: 'Look up', outcome: 'unobservable', checks: [{ ...check, rule: 'C-21', name: 'look-up', outcome: 'unobservable' }] },
    ],
  }
}

test('the page stands alone, and says each outcome in words', (t) => {
  const page = conformancePage(sample(t))
  const { document } = parseHTML(page)
  t.is(document.querySelectorAll('script, link[rel=stylesheet], img').length, 0)
  t.deepEqual([...document.querySelectorAll('tbody .chip')].map((chip) => chip.textContent), ['✘ fail', '– not observable'])
  t.regex(page, /A &lt;b&gt; is \| refused/)
})

test('the table in Markdown has a row for each rule, and the proof of each check', (t) => {
  const text = markdown(sample(t))
  t.regex(text, /^\| C-8 \| ✘ fail \| Nonces \| ✘ wrong-nonce \|$/mu)
  t.regex(text, /^\| C-21 \| – not observable \|/mu)
  t.regex(text, /```\nGET GetCACaps → HTTP 200\n```/u)
})

test('what cannot be observed never makes a pass, and never hides a failure', (t) => {
  t.is(outcomeOf(['unobservable', 'unobservable']), 'unobservable')
  t.is(outcomeOf(['pass', 'unobservable']), 'pass')
  t.is(outcomeOf(['pass', 'inconclusive', 'unobservable']), 'inconclusive')
  t.is(outcomeOf(['pass', 'inconclusive', 'fail']), 'fail')
})

const values = { url: 'http://127.0.0.1:1/scep', challenge: 'a b\'c', key: '/k', certificate: '/c', fingerprint: 'ff', ca: '/ca' }

test('a command line is split at spaces, quotes hold together, and no value is split again', (t) => {
  t.deepEqual(commandWords('client -u {url} --pass={challenge} "two words" \'\'x', values), ['client', '-u', 'http://127.0.0.1:1/scep', '--pass=a b\'c', 'two words', 'x'])
})

test('a command line with an unknown placeholder or an open quote is refused', (t) => {
  t.throws(() => commandWords('client {uri}', values), { code: 'invalid-value', message: /\{uri\}/ })
  t.throws(() => commandWords('client "open', values), { code: 'invalid-value', message: /quote/ })
})
