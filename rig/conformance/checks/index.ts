export { algorithmChecks } from './algorithms.js'
export { lifeChecks } from './life.js'
export { messageChecks } from './messages.js'
export { trustChecks } from './trust.js'
