export { beat, exitCodes, heartbeat, heartbeatEvery, minimumRun, nextStart, previousRunVariable, readPreviousRun, silenceLimit, supervise } from './parent/index.js'
export type { ParentSurroundings, PreviousRun } from './parent/index.js'
export { describeBootReason, RunRecord } from './run-record.js'
export type { BootReason, RestartRequest } from './run-record.js'
