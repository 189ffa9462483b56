/** The uses of keys and how they are doing (device.md section 7). */
import * as z from 'zod'
import { command } from './definition.js'
import { count, shown, shownList, shownNames } from './replies.js'

/** `waiting`: about to serve, or the peer has not answered yet. */
export const useState = shownNames('State', ['off', 'no-key', 'serving', 'waiting', 'failed'])

/** The last exchange of keys since the start; times are monotonic ms of this run. */
const swap = {
  outcome: shownNames('Last exchange', ['served', 'assigned', 'refused', 'undone', 'stranded', 'failing']).optional(),
  reason: shown('Reason').optional(),
  'received-at': count('Certificate received (ms)').optional(),
  'started-at': count('Exchange began (ms)').optional(),
  'applied-at': count('Applied (ms)').optional(),
  'probed-at': count('Probe passed (ms)').optional(),
  'ended-at': count('Exchange ended (ms)').optional(),
}

const use = z.strictObject({ use: shown('Use'), key: shown('Key').optional(), state: useState, detail: shown('Detail'), warnings: shownList('Warnings').optional(), ...swap })

export const uses = command({
  name: 'uses',
  summary: 'list the uses of keys, and how each is doing now',
  help: ['keys assign puts a key to a use. A key that is assigned to a use that is off is taken when the use is switched on.'],
  request: z.strictObject({}),
  reply: z.strictObject({ uses: z.array(use) }),
  columns: { uses: ['use', 'key', 'state', 'detail', 'outcome', 'reason', 'warnings'] },
  examples: ['uses'],
})
