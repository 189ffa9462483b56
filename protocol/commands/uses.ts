/** The uses of keys and how they are doing (device.md section 7). */
import * as z from 'zod'
import { caveatCodes, useReasons } from '../key-use.js'
import { command } from './definition.js'
import { keyName, oneKeyUse } from './keys.js'
import { count, shown, shownList, shownNames } from './replies.js'

/** `waiting`: about to serve, or the peer has not answered yet. */
export const useState = shownNames('State', ['off', 'no-key', 'serving', 'waiting', 'failed'])

/** The last exchange of keys since the start; times are monotonic ms of this run. */
const swap = {
  outcome: shownNames('Last exchange', ['served', 'assigned', 'refused', 'undone', 'stranded', 'failing']).optional(),
  'swap-reason': shown('Why').optional(),
  'received-at': count('Certificate received (ms)').optional(),
  'started-at': count('Exchange began (ms)').optional(),
  'applied-at': count('Applied (ms)').optional(),
  'probed-at': count('Probe passed (ms)').optional(),
  'ended-at': count('Exchange ended (ms)').optional(),
}

const use = z.strictObject({ use: shown('Use'), key: shown('Key').optional(), state: useState, reason: shownNames('Reason', useReasons).optional(), detail: shown('Detail'), warnings: shownList('Warnings').optional(), ...swap })
const changed = use.extend({ advice: shown('Advice').optional() })

export const uses = command({
  name: 'uses',
  summary: 'list the uses of keys, and how each is doing now',
  help: [
    'A key may serve several uses; a use has one key at most. A key that is assigned to a use that is off is taken when the use is switched on.',
    `Warnings block nothing. They are: ${caveatCodes.join(', ')}. Their texts are in the advice of the reply that put the key to its use, and in the log.`,
  ],
  request: z.strictObject({}),
  reply: z.strictObject({ uses: z.array(use) }),
  columns: { uses: ['use', 'key', 'state', 'detail', 'outcome', 'swap-reason', 'warnings'] },
  examples: ['uses'],
})

export const usesAssign = command({
  name: 'uses assign',
  summary: 'put a key to a use; a use that is off stays off',
  help: ['The same as keys assign with the use first; the reply is the use as it is then.'],
  request: z.strictObject({ use: oneKeyUse, key: keyName }),
  reply: changed,
  positional: ['use', 'key'],
  errors: ['key-not-found', 'key-pending', 'use-cannot-serve', 'probe-failed', 'listen-failed'],
  examples: ['uses assign tls office', 'uses assign ipsec:office office'],
})

export const usesEnable = command({
  name: 'uses enable',
  summary: 'switch a use on, with the key that is assigned to it',
  help: ['The function stays on when its key does not serve yet; the reply says how it is doing. TLS is always on.'],
  request: z.strictObject({ use: oneKeyUse }),
  reply: changed,
  positional: ['use'],
  errors: ['policy-not-found', 'use-cannot-serve'],
  examples: ['uses enable ieee-802-1x', 'uses enable ipsec:office'],
})

export const usesDisable = command({
  name: 'uses disable',
  summary: 'switch a use off; its key stays assigned',
  help: ['Refused where it would lock people out: TLS is the only way to the Remote UI and to IPPS, and MQTT cannot be switched off by a command that comes over MQTT.'],
  request: z.strictObject({ use: oneKeyUse }),
  reply: changed,
  positional: ['use'],
  errors: ['last-way-in', 'policy-not-found', 'use-cannot-serve'],
  examples: ['uses disable mqtt'],
})

export const usesProbe = command({
  name: 'uses probe',
  summary: 'look by a real handshake whether a use serves with its key',
  help: ['Changes nothing. Takes up to 24 s where the peer does not answer.'],
  request: z.strictObject({ use: oneKeyUse }),
  reply: changed,
  positional: ['use'],
  errors: ['use-cannot-serve', 'probe-failed'],
  examples: ['uses probe tls'],
})

export const usesUndo = command({
  name: 'uses undo',
  summary: 'go back to the key that served a use before',
  help: ['Possible as long as that key is in the store. It is put to the use as by uses assign; a second undo comes back to the key of now.'],
  request: z.strictObject({ use: oneKeyUse }),
  reply: changed,
  positional: ['use'],
  errors: ['key-not-found', 'use-cannot-serve', 'probe-failed', 'listen-failed'],
  examples: ['uses undo tls'],
  idempotent: false,
})
