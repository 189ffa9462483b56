import test from 'ava'
import { readLogLine } from '../../../../rig/scenarios/station.js'
import { swapOf } from '../../../../rig/scenarios/uses/swap-log.js'

const log = [
  '[2100, 0a0b0c0d, info] request 1: Storing the certificate …',
  '[2300, 0a0b0c0d, info] TLS serves the key "first" use=tls key=first outcome=served receivedAt=2100.4 startedAt=2110 appliedAt=2130.2 probedAt=2290.9 endedAt=2299 swapMs=190',
  '[9300, 0a0b0c0d, error] TLS does not serve the key "second"; the key before serves again use=tls key=second outcome=undone startedAt=9000 appliedAt=9001 endedAt=9290 code=probe-failed reason="a TLS client saw another certificate"',
  '[9400, 0a0b0c0d, info] IPSec (office) serves the key "second" use=ipsec:office key=second outcome=served startedAt=9310 appliedAt=9320 probedAt=9390 endedAt=9399',
].flatMap((line) => readLogLine(line, 0) ?? [])

test('the newest exchange of a key for a use is read from the log, with the times of its steps', (t) => {
  t.deepEqual(swapOf(log, 'tls', 'first'), { outcome: 'served', bootId: '0a0b0c0d', receivedAt: 2100.4, startedAt: 2110, appliedAt: 2130.2, probedAt: 2290.9, endedAt: 2299 })
  t.deepEqual(swapOf(log, 'ipsec:office', 'second'), { outcome: 'served', bootId: '0a0b0c0d', startedAt: 9310, appliedAt: 9320, probedAt: 9390, endedAt: 9399 })
})

test('an exchange that was undone has no probe that passed', (t) => {
  t.deepEqual(swapOf(log, 'tls', 'second'), { outcome: 'undone', bootId: '0a0b0c0d', startedAt: 9000, appliedAt: 9001, endedAt: 9290 })
  t.is(swapOf(log, 'mqtt', 'first'), undefined)
})
