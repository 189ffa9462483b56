/** The parent of a board's process. It loads next to nothing: it is there all the time and only waits. */
export { minimumRun, nextStart } from './back-off.js'
export { exitCodes } from './exit-codes.js'
export { beat, heartbeat, heartbeatEvery, silenceLimit } from './heartbeat.js'
export { supervise } from './parent.js'
export type { ParentSurroundings } from './parent.js'
export { previousRunVariable, readPreviousRun } from './previous-run.js'
export type { PreviousRun } from './previous-run.js'
