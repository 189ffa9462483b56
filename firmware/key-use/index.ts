export type { KeyUseDriver, UseStatus } from './driver.js'
export { KeyUses } from './key-uses.js'
export type { PutToUse, UseRow } from './key-uses.js'
export { TlsUse } from './tls-use.js'
