export type { KeyUseDriver } from './driver.js'
export { KeyUses } from './key-uses.js'
export type { PutToUse } from './key-uses.js'
export { TlsUse } from './tls-use.js'
