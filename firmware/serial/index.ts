/** The serial line: the console for people. */
export { SerialConsole } from './console.js'
export type { SerialConsoleOptions } from './console.js'
export { idleLimit } from './session.js'
