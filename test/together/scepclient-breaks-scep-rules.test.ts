import { seconds } from '../../protocol/time.js'
import { CommandSubject, runConformance, tableRows, verdictOf } from '../../rig/conformance/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'
import { publishedRows } from '../support/conformance-page.js'
import { part } from '../support/parts.js'

part('scepclient', 'scep').test("Debian's scepclient breaks the rules that it is known to break: weak algorithms, nonces ignored, requests sent again instead of polls", async (t) => {
  t.timeout(300_000)
  const line = 'scepclient -server-url {url} -challenge {challenge} -private-key {key} -certificate {certificate}'
  const platform = linuxPlatform()
  // It sleeps for 30 s before it asks again.
  const subject = new CommandSubject({ platform, line, deadline: seconds(36) })
  t.teardown(() => subject.close())
  const record = await runConformance({
    platform, subject, canTrust: false, seed: 'system', replay: '', onResult: () => undefined,
  })
  const outcomes = Object.fromEntries(record.rules.flatMap(({ checks }) => checks.map(({ name, outcome }) => [name, outcome])))
  t.like(outcomes, {
    'strong-out': 'fail', 'no-pin': 'fail', 'unique-id': 'fail', 'wrong-nonce': 'fail', 'short-nonce': 'fail', 'cert-poll': 'fail', 'post-form': 'fail',
    'post-out': 'pass', 'nonce-length': 'pass', 'no-certs': 'pass', 'look-up': 'unobservable',
  })
  const [strong] = record.rules[0]!.checks
  t.regex(strong!.reason, /des-cbc/)
  t.is(verdictOf(record), 'fail')
  t.deepEqual(tableRows(record), publishedRows('scepclient'), 'rig/conformance/README.md is what this run found')
})
