export { IpsecUses } from './ipsec-uses.js'
export type { IpsecUsesOptions, PolicyStatus } from './ipsec-uses.js'
