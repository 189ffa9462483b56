/** The serial line: the console for people, and SMP frames for machines. */
export { SerialConsole } from './console.js'
export type { SerialConsoleOptions } from './console.js'
export { idleLimit } from './session.js'
