import type { Scenario } from '../scenario.js'
import { automaticRenewal } from './automatic-renewal.js'
import { brokerKick } from './broker-kick.js'
import { deleteOld } from './delete-old.js'
import { historyOf20 } from './history-of-20.js'
import { issueByHand } from './issue-by-hand.js'
import { jitterKeptOverReboots } from './jitter-kept.js'
import { jitterUniform } from './jitter-uniform.js'
import { limitError } from './limit-error.js'
import { nextDateShown } from './next-date-shown.js'
import { noPollsOnRefusal } from './no-polls-on-refusal.js'
import { outageWithoutBurst } from './outage-without-burst.js'
import { periodic } from './periodic.js'
import { pollsOnCommunicationError } from './polls-on-communication-error.js'
import { pollsOnPending } from './polls-on-pending.js'
import { powerCut } from './power-cut.js'
import { renewalByExpiry } from './renewal-by-expiry.js'
import { restartAfterAcquiring } from './restart-after-acquiring.js'
import { serialNoise } from './serial-noise.js'
import { startTimeKept } from './start-time-kept.js'
import { timerRefusals } from './timer-refusals.js'

export { jitterUniformOver } from './jitter-uniform.js'

/** Every promise of the board alone, in the order in which they are run. */
export const boardScenarios: readonly Scenario[] = [
  startTimeKept, jitterUniform, jitterKeptOverReboots,
  pollsOnPending, pollsOnCommunicationError, noPollsOnRefusal,
  issueByHand, automaticRenewal, periodic, nextDateShown, renewalByExpiry, restartAfterAcquiring, deleteOld,
  limitError, historyOf20, timerRefusals, outageWithoutBurst,
  powerCut, serialNoise, brokerKick,
]
