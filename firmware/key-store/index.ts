export { defaultLimits } from './entries.js'
export type { CaCertificate, KeyEntry, KeyId, Reservation, StoreLimits, StoreProblem } from './entries.js'
export { KeyStore } from './key-store.js'
export type { KeyStoreOptions } from './key-store.js'
