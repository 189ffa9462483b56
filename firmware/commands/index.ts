/** What each command does, once, for all fronts; and who may sign in. */
export { Access } from './access.js'
export type { AccessOptions, Actor, PasswordCost } from './access.js'
export type { CommandContext, Front } from './context.js'
export { lockAfter } from './lock-out.js'
export { CommandRunner } from './runner.js'
export type { BoardFacts, Services } from './services.js'
