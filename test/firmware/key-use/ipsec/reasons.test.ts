import test from 'ava'
import { reasonIn } from '../../../../firmware/key-use/ipsec/reasons.js'

/** As strongSwan 5.9.8 writes them. */
const said: readonly (readonly [string, readonly string[]])[] = [
  ['the IPSec daemon does not answer (Connection refused)', ['plugin \'curl\': failed to load', 'connecting to \'unix:///run/charon.vici\' failed: Connection refused', 'Error: connecting to \'default\' URI failed: Connection refused']],
  ['the IPSec daemon does not know a value of the IKE proposals', ['loading connection \'a\' failed: invalid value for: proposals, config discarded', 'loaded 0 of 1 connections, 1 failed to load, 0 unloaded']],
  ['the IPSec daemon cannot read the CA certificates (No such file or directory)', ['loading cacerts certificate \'/run/x.pem\' failed: No such file or directory']],
  ['the peer does not accept our certificate or identity (AUTHENTICATION_FAILED)', ['initiate failed: establishing CHILD_SA \'tunnel\' failed', '[NET] sending packet: from 192.0.2.1[4500]', '[IKE] received AUTHENTICATION_FAILED notify error']],
  ['the peer\'s certificate does not lead to a CA certificate that the policy trusts, or is not for its remote identity', ['[CFG] constraint check failed: peer not authenticated by CA \'CN=Other CA\'', '[ENC] generating INFORMATIONAL request 2 [ N(AUTH_FAILED) ]']],
  ['the peer\'s certificate is revoked (since Nov 21 22:07:56 UTC 2026, unspecified)', ['[CFG] certificate was revoked on Nov 21 22:07:56 UTC 2026, reason: unspecified', '[IKE] no trusted RSA public key found for \'gateway.example.com\'']],
  ['whether the peer\'s certificate is revoked cannot be learned, and the policy asks for it', ['[CFG] crl fetching failed', '[CFG] constraint check failed: RULE_CRL_VALIDATION is FAILED, but requires at least GOOD', '[CFG] selected peer config \'platen-office-de4ba417d8f917a9\' unacceptable: constraint checking failed']],
  ['it was not learned in time whether the peer\'s certificate is revoked (http://192.0.2.9/ca.crl)', ['initiate failed: CHILD_SA \'tunnel\' not established after 15000ms', '[IKE] retransmit 1 of request with message ID 1', '[CFG]   fetching crl from \'http://192.0.2.9/ca.crl\' ...', '[NET] received packet: from 192.0.2.2[4500]']],
  ['the peer accepts none of our proposals (NO_PROPOSAL_CHOSEN)', ['[IKE] received NO_PROPOSAL_CHOSEN notify error']],
  ['the peer does not accept the networks of the policy (TS_UNACCEPTABLE)', ['[IKE] received TS_UNACCEPTABLE notify, no CHILD_SA built']],
  ['the peer does not answer', ['initiate failed: CHILD_SA \'tunnel\' not established after 5000ms', '[NET] sending packet: from 192.0.2.1[500] to 192.0.2.2[500] (892 bytes)', '[IKE] retransmit 1 of request with message ID 0']],
  ['the IPSec daemon does not have the private key of the certificate', ['[IKE] no private key found for \'printer.example.com\'']],
  ['something new happened', ['[IKE] something new happened', '[ENC] parsed nothing']],
  ['the IPSec daemon gives no reason', []],
]
for (const [words, lines] of said) test(`in words: ${words}`, (t) => t.is(reasonIn(lines), words))
