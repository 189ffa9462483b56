import type { Log } from '../../firmware/platform/index.js'

const nothing = (): void => undefined

/** For tests that do not ask what was logged. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
