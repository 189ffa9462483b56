export { limitNames, type Behaviour } from './behaviour.js'
export { faultKinds, type FaultName } from './kinds.js'
export { checkScript, readScript, startScript, type FaultScript, type PreparedScript } from './script.js'
