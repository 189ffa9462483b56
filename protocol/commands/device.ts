/** The board itself and the session on it. */
import * as z from 'zod'
import { command } from './definition.js'
import { secret, text, wholeNumber } from './fields.js'
import { CURRENT_PASSWORD_PROMPT, NEW_PASSWORD_AGAIN_PROMPT, NEW_PASSWORD_PROMPT } from './prompts.js'
import { count, date, flag, lines, shown, shownList, shownNames } from './replies.js'

/** Fewest characters of a password. */
export const PASSWORD_MINIMUM = 8

export const status = command({
  name: 'status',
  summary: 'show the board, its clock, the TLS key and the newest request',
  request: z.strictObject({}),
  reply: z.strictObject({
    product: shown('Product'),
    version: shown('Version'),
    'boot-id': shown('Boot ID'),
    'restart-reason': shown('Last restart'),
    uptime: count('Uptime (s)'),
    time: date('Time'),
    clock: shownNames('Clock', ['unset', 'held', 'synced']),
    url: shown('SCEP Server URL').optional(),
    'ca-pinned': flag('CA pinned'),
    keys: count('Keys'),
    'key-limit': count('Registration limit'),
    'tls-key': shown('TLS key').optional(),
    'tls-expires': date('TLS certificate expires').optional(),
    'https-port': count('HTTPS port').optional(),
    'request-status': shown('Newest request').optional(),
    'request-details': shown('Details').optional(),
    'next-request': date('Next Request Date/Time').optional(),
    problems: shownList('Problems'),
  }),
  examples: ['status'],
  privilege: 'user',
})

export const restart = command({
  name: 'restart',
  summary: 'restart the board; pending work goes on after it',
  help: ['The reason is written down first and shown after the start.'],
  request: z.strictObject({ reason: text('why, kept for the status and the log', 1, 100).default('asked for by an administrator') }),
  reply: z.strictObject({ reason: shown('Reason') }),
  positional: ['reason'],
  gathers: true,
  examples: ['restart', 'restart new certificate'],
  idempotent: false,
})

export const log = command({
  name: 'log',
  summary: 'show the newest lines of the log',
  request: z.strictObject({ lines: wholeNumber('how many', 1, 500).default(20) }),
  reply: z.strictObject({ lines: lines() }),
  positional: ['lines'],
  examples: ['log', 'log 100'],
})

export const whoami = command({
  name: 'whoami',
  summary: 'show who is signed in, and from where',
  request: z.strictObject({}),
  reply: z.strictObject({ account: shown('Account'), privilege: shown('Privilege'), front: shown('Front') }),
  examples: ['whoami'],
  privilege: 'user',
})

export const password = command({
  name: 'password',
  summary: 'change the password of the account signed in',
  help: ['Asks for the current password and twice for the new one; nothing is echoed.'],
  request: z.strictObject({ current: secret('current password', 0), new: secret('new password', PASSWORD_MINIMUM) }),
  reply: z.strictObject({ account: shown('Account') }),
  secrets: [
    { field: 'current', prompt: CURRENT_PASSWORD_PROMPT },
    { field: 'new', prompt: NEW_PASSWORD_PROMPT, again: NEW_PASSWORD_AGAIN_PROMPT },
  ],
  errors: ['wrong-password', 'locked-out'],
  examples: ['password'],
  idempotent: false,
})

export const logout = command({
  name: 'logout',
  summary: 'end the session',
  request: z.strictObject({}),
  reply: z.strictObject({}),
  examples: ['logout'],
  privilege: 'user',
})

export const help = command({
  name: 'help',
  summary: 'list the verbs, or explain one',
  request: z.strictObject({ verb: text('which verb', 1, 64).optional() }),
  reply: z.strictObject({ lines: lines() }),
  positional: ['verb'],
  gathers: true,
  errors: ['unknown-verb'],
  examples: ['help', 'help keys assign'],
  privilege: 'user',
})
