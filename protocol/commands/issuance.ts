/** Certificate issuance by hand and its status (device.md sections 3 and 5). */
import * as z from 'zod'
import { command } from './definition.js'
import { field, listOf, oneOf, oneOfNumbers, secret, text, wholeNumber } from './fields.js'
import { keyName, keyUse } from './keys.js'
import { isDomainName, isHostName, isIpAddress } from '../host-name.js'
import { CHALLENGE_PROMPT } from './prompts.js'
import { date, flag, shown, shownList, shownNames } from './replies.js'

export const commonName = field(
  z.string().max(64).refine((value) => isIpAddress(value) || isDomainName(value)),
  'Common Name',
  'an IP address or a fully qualified domain name of at most 64 characters',
)

/** One request as the status screen shows it; the first three titles are the ones that administrators know. */
export const historyEntry = z.strictObject({
  'requested-at': date('Request Date/Time'),
  status: shownNames('Status', ['To Be Processed', 'Processing...', 'Error', 'Successful']),
  details: shown('Details'),
  code: shown('Code').optional(),
  'key-name': shown('Key Name'),
  'issued-at': date('Issued').optional(),
  'transaction-id': shown('Transaction ID').optional(),
  'fail-info-text': shown('Failure text').optional(),
  ndes: shown('NDES error').optional(),
  phase: shown('Phase').optional(),
  next: shown('Next').optional(),
  advice: shown('Advice').optional(),
  warnings: shownList('Warnings').optional(),
  use: shown('Key Use Location').optional(),
  enabled: flag('Switched on').optional(),
})

const exchangeErrors = [
  'clock-not-set', 'not-configured', 'ca-not-pinned', 'connect-failed', 'timed-out', 'http-status', 'tls-untrusted', 'redirect-refused', 'response-too-large',
  'bad-response', 'ca-mismatch', 'signature-invalid', 'other-transaction', 'nonce-mismatch', 'undecryptable', 'quirk-refused', 'algorithm-refused', 'scep-failure',
  'deferred', 'certificate-not-for-our-key', 'chain-not-trusted', 'certificate-not-valid-now', 'use-cannot-serve', 'probe-failed',
] as const

export const request = command({
  name: 'request',
  summary: 'request a certificate and put it to its use',
  help: [
    'Makes a key, asks the SCEP server for a certificate, verifies the answer, keeps both, and assigns them to the use. An IP address or name in cn is also put among the Subject Alternative Names. Nothing typed here is stored.',
    'The Challenge Password is asked for after the line and is not echoed; it is refused on the line.',
    'If the function of the use is off, the certificate is assigned and the function stays off.',
  ],
  request: z.strictObject({
    'key-name': keyName,
    cn: commonName,
    organization: text('Organization', 1, 64).optional(),
    'key-length': oneOfNumbers('Key Length (bit)', [2048, 3072, 4096]).default(2048),
    digest: oneOf('Signature Algorithm; sha1 only under the policy legacy', ['sha256', 'sha384', 'sha512', 'sha1']).default('sha256'),
    dns: listOf('further DNS names', z.string().refine(isHostName), 16, 'host names').default([]),
    ip: listOf('further IP addresses', z.string().refine(isIpAddress), 16, 'IP addresses').default([]),
    use: keyUse.default('none'),
    challenge: secret('Challenge Password', 0).optional(),
  }),
  reply: historyEntry,
  secrets: [{ field: 'challenge', prompt: CHALLENGE_PROMPT }],
  errors: ['timer-enabled', 'store-full', 'key-name-taken', 'weak-key', ...exchangeErrors],
  examples: [
    'request key-name=office cn=printer.example.com use=tls',
    'request key-name=lan cn=192.0.2.10 dns=printer.example.com organization="Example Ltd" key-length=3072 digest=sha384',
  ],
  idempotent: false,
})

export const history = command({
  name: 'history',
  summary: 'show the Certificate Issuance Request Status, newest first',
  help: ['With a number, that one entry with all that is known about it; 1 is the newest.'],
  request: z.strictObject({ entry: wholeNumber('which entry, 1 is the newest', 1, 20).optional() }),
  reply: historyEntry.partial().extend({ entries: z.array(historyEntry).optional() }),
  positional: ['entry'],
  columns: { entries: ['requested-at', 'status', 'details', 'code', 'advice'] },
  examples: ['history', 'history 1'],
  privilege: 'user',
})

export const poll = command({
  name: 'poll',
  summary: 'ask again for a request that the server deferred',
  help: ['Without a transaction ID, the newest deferred request.'],
  request: z.strictObject({ transaction: text('Transaction ID', 1, 128).optional() }),
  reply: historyEntry,
  positional: ['transaction'],
  errors: ['nothing-to-poll', ...exchangeErrors],
  examples: ['poll'],
})
