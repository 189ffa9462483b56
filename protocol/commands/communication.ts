/** Communication settings and the authority behind them (device.md section 2). */
import * as z from 'zod'
import { command } from './definition.js'
import { field, fingerprint, listOf, oneOf, wholeNumber } from './fields.js'
import { count, date, flag, shown, shownList, shownNames } from './replies.js'

const url = field(
  z.string().max(255).refine((value) => /^https?:\/\//i.test(value) && URL.canParse(value)),
  'SCEP Server URL',
  'an http: or https: address of at most 255 characters, the port apart',
)

const settings = z.strictObject({
  url: shown('SCEP Server URL').optional(),
  port: count('Port Number'),
  timeout: count('Communication Timeout (s)'),
  policy: shown('Policy'),
  'ca-fingerprint': shown('CA fingerprint').optional(),
  'https-trust': shownList('HTTPS trust anchors'),
})

export const commShow = command({
  name: 'comm show',
  summary: 'show the Communication Settings',
  request: z.strictObject({}),
  reply: settings,
  examples: ['comm show'],
})

export const commSet = command({
  name: 'comm set',
  summary: 'change the Communication Settings',
  help: [
    'Only the fields given are changed. The policy standard keeps the floor of RFC 8894; legacy also takes what old servers answer in (SHA-1, single DES), and says so in the log.',
    'A new URL does not change the pinned CA: pin again if the authority is another one.',
    'The certificate of an https: server must lead to a CA of https-trust, and to no other: ca import registers it. Without https-trust it must lead to the pinned CA.',
  ],
  request: z.strictObject({
    url: url.optional(),
    port: wholeNumber('Port Number', 1, 65_535).optional(),
    timeout: wholeNumber('Communication Timeout, seconds', 1, 600).optional(),
    policy: oneOf('what is accepted from the server', ['standard', 'legacy']).optional(),
    'https-trust': listOf('CA certificates of the store for an https: URL; empty for the pinned CA', z.string().min(1).max(64), 4, 'names').optional(),
  }),
  reply: settings,
  errors: ['timer-enabled', 'key-not-found'],
  examples: ['comm set url=http://ca.example.com/scep port=80 timeout=30', 'comm set policy=legacy', 'comm set url=https://ca.example.com/scep https-trust=office'],
})

export const caFetch = command({
  name: 'ca fetch',
  summary: 'ask the SCEP server for its CA and show its fingerprint',
  help: ['Changes nothing. Compare the fingerprint with the one that the authority publishes, then use ca pin.'],
  request: z.strictObject({}),
  reply: z.strictObject({
    subject: shown('Subject'),
    fingerprint: shown('SHA-256 fingerprint'),
    'not-before': date('Valid from'),
    'not-after': date('Expires'),
    pin: shownNames('Pin', ['pinned', 'mismatch', 'not-pinned']),
    capabilities: shownList('Capabilities'),
    certificates: z.array(z.strictObject({ role: shown('Role'), subject: shown('Subject'), 'not-after': date('Expires'), fingerprint: shown('SHA-256 fingerprint') })),
  }),
  errors: ['not-configured', 'connect-failed', 'timed-out', 'http-status', 'tls-untrusted', 'redirect-refused', 'response-too-large', 'bad-response', 'chain-not-trusted'],
  examples: ['ca fetch'],
})

export const caShow = command({
  name: 'ca show',
  summary: 'show the pinned CA and the CA certificates kept',
  request: z.strictObject({}),
  reply: z.strictObject({
    pinned: flag('Pinned'),
    fingerprint: shown('CA fingerprint').optional(),
    follower: shown('Follower of the CA, trusted beside it').optional(),
    'follower-fingerprint': shown('Follower fingerprint').optional(),
    certificates: z.array(z.strictObject({
      name: shown('Name'),
      subject: shown('Subject'),
      'not-after': date('Expires'),
      fingerprint: shown('SHA-256 fingerprint'),
      'crl-until': date('CRL until').optional(),
    })),
  }),
  examples: ['ca show'],
})

export const caPin = command({
  name: 'ca pin',
  summary: 'trust the CA with this SHA-256 fingerprint',
  help: ['The server is asked again, and its top CA must have exactly this fingerprint. Without a pinned CA nothing is trusted and no request is sent.'],
  request: z.strictObject({ fingerprint: fingerprint('SHA-256 fingerprint of the top CA certificate') }),
  reply: z.strictObject({ fingerprint: shown('CA fingerprint'), subject: shown('Subject'), changed: flag('Changed') }),
  positional: ['fingerprint'],
  errors: ['ca-mismatch', 'ca-store-full', 'timer-enabled', ...caFetch.errors],
  examples: ['ca pin 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
})

