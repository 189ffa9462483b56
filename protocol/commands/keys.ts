/** The key store as an administrator sees it (device.md section 6). */
import * as z from 'zod'
import { parseKeyUse, type KeyUse } from '../key-use.js'
import { command } from './definition.js'
import { field, material, secret, text } from './fields.js'
import { EXPORT_PASSWORD_AGAIN_PROMPT, EXPORT_PASSWORD_PROMPT, KEY_FILE_PASSWORD_PROMPT, KEY_FILE_PROMPT } from './prompts.js'
import { count, date, flag, lines, shown, shownList, shownNames } from './replies.js'

export const keyName = text('Key Name', 1, 64)

function readKeyUse(value: string, context: z.RefinementCtx): KeyUse {
  try {
    return parseKeyUse(value)
  } catch {
    context.addIssue({ code: 'custom' })
    return z.NEVER
  }
}

/** One use of a key in any spelling that people know. */
export const oneKeyUse = field(z.string().transform(readKeyUse), 'Key Use Location', 'tls, ieee-802-1x, mqtt or ipsec:<policy>')

/** The same, or `none`. */
export const keyUse = field(
  z.string().transform((value, context) => (value.trim().toLowerCase() === 'none' ? 'none' : readKeyUse(value, context))),
  'Key Use Location',
  'none, tls, ieee-802-1x, mqtt or ipsec:<policy>',
)

const key = z.strictObject({
  name: shown('Name'),
  kind: shownNames('Kind', ['default', 'issued', 'imported']),
  state: shownNames('State', ['pending', 'ready']),
  use: shown('Use'),
  expires: date('Expires').optional(),
  fingerprint: shown('SHA-256 fingerprint').optional(),
})

export const keysList = command({
  name: 'keys list',
  summary: 'list the keys with use, expiry and fingerprint',
  request: z.strictObject({}),
  reply: z.strictObject({ limit: count('Registration limit'), keys: z.array(key) }),
  examples: ['keys list'],
})

export const keysShow = command({
  name: 'keys show',
  summary: 'show one key and its certificate chain',
  request: z.strictObject({ name: keyName }),
  reply: key.extend({
    bits: count('Key Length (bit)'),
    subject: shown('Subject').optional(),
    issuer: shown('Issuer').optional(),
    serial: shown('Serial number').optional(),
    'not-before': date('Valid from').optional(),
    'dns-names': shownList('DNS names').optional(),
    'ip-addresses': shownList('IP addresses').optional(),
    'transaction-id': shown('Transaction ID').optional(),
    chain: z.array(z.strictObject({ subject: shown('Subject'), issuer: shown('Issuer'), expires: date('Expires') })),
  }),
  positional: ['name'],
  errors: ['key-not-found'],
  examples: ['keys show office', 'keys show "front office"'],
})

export const keysDelete = command({
  name: 'keys delete',
  summary: 'delete a key and its certificate',
  help: ['A key in use and the default key cannot be deleted. With a key that waits for its certificate, its deferred request is given up.'],
  request: z.strictObject({ name: keyName }),
  reply: z.strictObject({ name: shown('Name') }),
  positional: ['name'],
  errors: ['key-not-found', 'key-in-use', 'default-key', 'key-pending', 'nothing-to-poll'],
  examples: ['keys delete office'],
  idempotent: false,
})

export const keysAssign = command({
  name: 'keys assign',
  summary: 'put a key to a use, or take it from all its uses (none)',
  help: ['The key is applied, probed by a real handshake, and the key before it comes back if the probe fails.'],
  request: z.strictObject({ name: keyName, use: keyUse }),
  reply: z.strictObject({ name: shown('Name'), use: shown('Use'), enabled: flag('Switched on'), warnings: shownList('Warnings').optional(), advice: shown('Advice').optional() }),
  positional: ['name', 'use'],
  errors: ['key-not-found', 'key-pending', 'use-cannot-serve', 'probe-failed'],
  examples: ['keys assign office tls', 'keys assign office none'],
})

/** Fewest characters of the password of an exported key: the file can be guessed at without this board. */
export const EXPORT_PASSWORD_MINIMUM = 12

export const keysImport = command({
  name: 'keys import',
  summary: 'register a key and its certificates from a file',
  help: [
    'The file is PKCS#12 in base64 (openssl base64 -in file.p12), or PEM with the private key (PKCS#8, encrypted PKCS#8 or PKCS#1), its certificate and the intermediates. It is asked for after the line and not shown; then its password is asked for.',
    'A weak key, a key that does not fit its certificate and an expired certificate are refused, and nothing is changed. keys assign then puts the key to its use.',
  ],
  request: z.strictObject({ name: keyName, data: material('file with the key', true), password: secret('password of the file', 0).optional() }),
  reply: z.strictObject({
    name: shown('Name'), subject: shown('Subject'), issuer: shown('Issuer'), expires: date('Expires'), fingerprint: shown('SHA-256 fingerprint'),
    certificates: count('Certificates'), advice: shown('Advice').optional(),
  }),
  positional: ['name'],
  secrets: [
    { field: 'data', prompt: KEY_FILE_PROMPT, paste: 'dot' },
    { field: 'password', prompt: KEY_FILE_PASSWORD_PROMPT },
  ],
  errors: ['wrong-password', 'certificate-not-for-our-key', 'certificate-not-valid-now', 'store-full', 'key-name-taken', 'key-known', 'weak-key'],
  examples: ['keys import office'],
  idempotent: false,
})

export const keysExport = command({
  name: 'keys export',
  summary: 'give a key and its certificates as a PKCS#12 file',
  help: [
    `The file comes as base64, encrypted by AES-256 under a password of at least ${EXPORT_PASSWORD_MINIMUM} characters, which is asked for twice. Save the lines and turn them into a file with openssl base64 -d. No command gives a private key in clear.`,
    'The default key stays on its board: it is the identity of this one board, and each makes its own.',
  ],
  request: z.strictObject({ name: keyName, password: secret('password for the file', EXPORT_PASSWORD_MINIMUM) }),
  reply: z.strictObject({ name: shown('Name'), lines: lines() }),
  positional: ['name'],
  secrets: [{ field: 'password', prompt: EXPORT_PASSWORD_PROMPT, again: EXPORT_PASSWORD_AGAIN_PROMPT }],
  errors: ['key-not-found', 'key-pending', 'default-key'],
  examples: ['keys export office'],
})
