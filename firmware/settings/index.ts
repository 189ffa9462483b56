export { communicationItems, serverUrl } from './communication.js'
export type { CommunicationSettings, CommunicationUpdate, Policy } from './communication.js'
