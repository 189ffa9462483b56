/** The door to processes and signals; it loads next to nothing, because a parent that only waits should stay small. */
export { LinuxClock } from '../linux-clock.js'
export { ownProcess, startChild } from './linux-process.js'
export type { Child, ChildEnd, OwnProcess, StartChild } from './linux-process.js'
