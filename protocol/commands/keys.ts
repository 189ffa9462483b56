/** The key store as an administrator sees it (device.md section 6). */
import * as z from 'zod'
import { parseKeyUse, type KeyUse } from '../key-use.js'
import { command } from './definition.js'
import { field, text } from './fields.js'
import { count, date, flag, shown, shownList, shownNames } from './replies.js'

export const keyName = text('Key Name', 1, 64)

/** `none`, or one use of a key in any spelling that people know. */
export const keyUse = field(
  z.string().transform((value, context): KeyUse | 'none' => {
    if (value.trim().toLowerCase() === 'none') return 'none'
    try {
      return parseKeyUse(value)
    } catch {
      context.addIssue({ code: 'custom' })
      return z.NEVER
    }
  }),
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
