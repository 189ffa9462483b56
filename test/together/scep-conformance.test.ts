import test from 'ava'
import { seconds } from '../../protocol/time.js'
import { BoardSubject, CommandSubject, runConformance, verdictOf, type ConformanceRecord, type Rule, type Subject } from '../../rig/conformance/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'
import { part } from '../support/parts.js'

const platform = linuxPlatform()

const run = (subject: Subject, canTrust: boolean, only?: readonly Rule[]): Promise<ConformanceRecord> => runConformance({
  platform, subject, canTrust, seed: 'system', replay: '', onResult: () => undefined, ...(only === undefined ? {} : { only }),
})

const outcomes = (record: ConformanceRecord): Record<string, string> =>
  Object.fromEntries(record.rules.flatMap(({ checks }) => checks.map(({ name, outcome }) => [name, outcome])))

/** Each through the process; `npm run rig -- conformance` has them all. */
const shown: readonly Rule[] = ['C-2', 'C-4', 'C-6', 'C-13', 'C-14', 'C-17', 'C-20', 'C-21', 'C-22']

test.serial('our board keeps the rules, through the built firmware and its console', async (t) => {
  const subject = await BoardSubject.start(platform)
  t.teardown(() => subject.close())
  const record = await run(subject, true, shown)
  t.deepEqual(record.rules.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome !== 'pass'), [])
  t.deepEqual(record.rules.map(({ rule }) => rule), [...shown])
  t.is(verdictOf(record), 'pass')
})

part('scepclient', 'scep').test("Debian's scepclient breaks the rules that it is known to break: weak algorithms, nonces ignored, requests sent again instead of polls", async (t) => {
  const line = 'scepclient -server-url {url} -challenge {challenge} -private-key {key} -certificate {certificate}'
  const subject = new CommandSubject({ platform, line, deadline: seconds(50) })
  t.teardown(() => subject.close())
  const record = await run(subject, false, ['C-1', 'C-2', 'C-7', 'C-8', 'C-10', 'C-13', 'C-17', 'C-21'])
  t.like(outcomes(record), {
    'strong-out': 'fail', 'no-pin': 'fail', 'unique-id': 'fail', 'wrong-nonce': 'fail', 'short-nonce': 'fail', 'cert-poll': 'fail', 'post-form': 'fail',
    'post-out': 'pass', 'nonce-length': 'pass', 'no-certs': 'pass', 'look-up': 'unobservable',
  })
  const [strong] = record.rules[0]!.checks
  t.regex(strong!.reason, /des-cbc/)
  t.is(verdictOf(record), 'fail')
})
