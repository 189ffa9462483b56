import type { Scenario } from '../scenario.js'
import { historyOf20 } from './history-of-20.js'
import { limitError } from './limit-error.js'

/** Every promise that the rig can prove, in the order in which they are run. */
export const scenarios: readonly Scenario[] = [limitError, historyOf20]
