export { Ieee8021xUse } from './ieee-802-1x-use.js'
export type { Ieee8021xUseOptions } from './ieee-802-1x-use.js'
