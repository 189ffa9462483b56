/** IEEE 802.1X Settings (device.md section 7). */
import * as z from 'zod'
import { isDomainName } from '../host-name.js'
import { useReasons } from '../key-use.js'
import { revocationChecks } from '../revocation.js'
import { command } from './definition.js'
import { field, listOf, oneOf, text } from './fields.js'
import { flag, shown, shownList, shownNames } from './replies.js'
import { useState } from './uses.js'

const settings = z.strictObject({
  enabled: flag('Use IEEE 802.1X'),
  interface: shown('Interface'),
  identity: shown('Login Name').optional(),
  ca: shownList('CA certificates'),
  server: shown('Authentication Server Name').optional(),
  revocation: shownNames('Revocation check', revocationChecks),
  key: shown('Key').optional(),
  state: useState,
  reason: shownNames('Reason', useReasons).optional(),
  detail: shown('Detail'),
})

export const dot1xShow = command({
  name: 'dot1x show',
  summary: 'show the settings of IEEE 802.1X, and whether the port is open',
  help: [
    'Without a Login Name the device uses the name in its certificate.',
    `reason, when the port is not open: ${useReasons.join(', ')}. peer is the authentication server, certificate is our own.`,
  ],
  request: z.strictObject({}),
  reply: settings,
  examples: ['dot1x show'],
})

export const dot1xSet = command({
  name: 'dot1x set',
  summary: 'change the settings of IEEE 802.1X and switch it on',
  help: [
    'Only the fields given are changed. At least one CA must be chosen: without one, any station could pose as the authentication server. ca show lists the names.',
    'revocation: off, if-stapled (a response that the server staples must be good) or required (it must staple one). There is no check by CRL: wpa_supplicant has none for servers.',
    'The key is the one that keys assign, request or the timer put to ieee-802-1x. The device authenticates anew; the reply says what came of it, and the settings stay in any case.',
  ],
  request: z.strictObject({
    ca: listOf('CA certificates of the key store, for the authentication server', z.string().min(1).max(64), 4, 'names').optional(),
    server: field(z.string().refine((value) => value === '' || isDomainName(value)), 'Authentication Server Name, or a domain above it; empty for any', 'a domain name, or nothing').optional(),
    identity: text('Login Name; empty for the name in the certificate', 0, 255).optional(),
    interface: text('Interface', 1, 15).optional(),
    revocation: oneOf('Revocation check of the authentication server by OCSP stapling', revocationChecks).optional(),
  }),
  reply: settings,
  examples: ['dot1x set ca="CA 0123456789abcdef" server=radius.example.com'],
})

export const dot1xOff = command({
  name: 'dot1x off',
  summary: 'switch IEEE 802.1X off',
  help: ['The settings and the assigned key stay.'],
  request: z.strictObject({}),
  reply: settings,
  errors: ['use-cannot-serve'],
  examples: ['dot1x off'],
})
