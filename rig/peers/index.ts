export { startScepserver } from './scepserver.js'
export type { PeerScepServer } from './scepserver.js'
export { canMakeNamespaces, layCable, NetworkNamespace } from './network-namespace.js'
export type { CableEnd } from './network-namespace.js'
