import test from 'ava'
import { newestAttempt } from '../../../../firmware/key-use/ieee-802-1x/attempt.js'

// The lines are those of wpa_supplicant 2.10.
const started = 'eth0: CTRL-EVENT-EAP-STARTED EAP authentication started'
const failed = 'eth0: CTRL-EVENT-EAP-FAILURE EAP authentication failed'
const success = 'eth0: CTRL-EVENT-EAP-SUCCESS EAP authentication completed successfully'

test('before an authenticator begins there is no attempt, and then one that runs', (t) => {
  t.is(newestAttempt(['Successfully initialized wpa_supplicant', 'eth0: Associated with 01:80:c2:00:00:03']).outcome, 'none')
  t.is(newestAttempt([failed, started]).outcome, 'running')
})

test('only the newest attempt counts', (t) => {
  t.deepEqual(newestAttempt([started, failed, started, success]), { outcome: 'success', reason: undefined, words: '' })
  t.is(newestAttempt([started, success, started, failed]).outcome, 'failure')
})

test('a server whose certificate leads to another CA is told as not trusted', (t) => {
  t.is(newestAttempt([started, "eth0: CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=1 subject='/CN=TestCA' err='self-signed certificate in certificate chain'", failed]).words,
    'the certificate of the authentication server is not trusted: it does not lead to a chosen CA (/CN=TestCA: self-signed certificate in certificate chain)')
})

test('a server of another name is told with its name', (t) => {
  t.regex(newestAttempt([started, "eth0: CTRL-EVENT-EAP-TLS-CERT-ERROR reason=9 depth=0 subject='/CN=server.example.com' err='Domain suffix mismatch'", failed]).words, /its name is not the one that was set \(\/CN=server\.example\.com/)
})

test('a server that says why it refuses is quoted', (t) => {
  t.is(newestAttempt([started, 'SSL: SSL3 alert: read (remote end reported an error):fatal:certificate expired', failed]).words, 'the authentication server refused our certificate: certificate expired')
})

test('each kind of failure has a reason for machines', (t) => {
  const certificateError = (code: number) => `eth0: CTRL-EVENT-EAP-TLS-CERT-ERROR reason=${code} depth=0 subject='/CN=radius.example.com' err='some words'`
  const alert = (words: string) => `SSL: SSL3 alert: read (remote end reported an error):fatal:${words}`
  for (const [line, reason] of [
    [certificateError(1), 'peer-not-trusted'], [certificateError(2), 'peer-revocation'], [certificateError(4), 'peer-expired'], [certificateError(9), 'peer-name-mismatch'], [certificateError(77), 'peer-not-trusted'],
    ['SSL: SSL3 alert: write (local SSL3 detected an error):fatal:bad certificate status response', 'peer-revocation'],
    [alert('unknown CA'), 'certificate-rejected'], [alert('certificate expired'), 'certificate-expired'],
    ['something else', 'certificate-rejected'],
  ] as const) t.is(newestAttempt([started, line, failed]).reason, reason, line)
  t.is(newestAttempt(['OpenSSL: No OCSP support included - reject configuration', started]).reason, 'daemon-failed')
  t.is(newestAttempt(['TLS: Failed to set TLS connection parameters']).reason, 'daemon-failed')
})
