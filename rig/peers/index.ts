export { startScepserver } from './scepserver.js'
export type { PeerScepServer } from './scepserver.js'
