/** The uses of keys and how they are doing (device.md section 7). */
import * as z from 'zod'
import { command } from './definition.js'
import { shown, shownNames } from './replies.js'

/** `waiting`: about to serve, or the peer has not answered yet. */
export const useState = shownNames('State', ['off', 'no-key', 'serving', 'waiting', 'failed'])

const use = z.strictObject({ use: shown('Use'), key: shown('Key').optional(), state: useState, detail: shown('Detail') })

export const uses = command({
  name: 'uses',
  summary: 'list the uses of keys, and how each is doing now',
  help: ['keys assign puts a key to a use. A key that is assigned to a use that is off is taken when the use is switched on.'],
  request: z.strictObject({}),
  reply: z.strictObject({ uses: z.array(use) }),
  examples: ['uses'],
})
