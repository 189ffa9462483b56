export { communicationItems, readFingerprint, serverUrl } from './communication.js'
export type { CommunicationSettings, CommunicationUpdate, Policy } from './communication.js'
export { Settings } from './settings.js'
export type { WorkedWith } from './settings.js'
