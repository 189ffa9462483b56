export { play } from './play.js'
export type { PlayOptions } from './play.js'
import { boardScenarios } from './promises/index.js'
import type { Scenario } from './scenario.js'
import { useScenarios } from './uses/index.js'

export { jitterUniformOver } from './promises/index.js'
export { HardwareWorld } from './hardware-world.js'
export type { HardwareOptions } from './hardware-world.js'
export { RigServer } from './rig-server.js'
export { ProcessWorld } from './process-world.js'
export type { BenchNeed, ClockKind, Findings, Scenario } from './scenario.js'
export { ownServer, relayedServer } from './server-form.js'
export type { ServerForm } from './server-form.js'
export { VirtualWorld } from './virtual-world.js'
export type { BoardWish, MadeBoard, World } from './world.js'

/** Every promise that the rig can prove, in the order in which they are run. */
export const scenarios: readonly Scenario[] = [...boardScenarios, ...useScenarios]
