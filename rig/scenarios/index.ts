export { play } from './play.js'
export type { PlayOptions } from './play.js'
import { boardScenarios } from './promises/index.js'
import type { Scenario } from './scenario.js'
import { useScenarios } from './uses/index.js'

export { jitterUniformOver } from './promises/index.js'
export { ProcessWorld } from './process-world.js'
export type { ClockKind, Findings, Scenario } from './scenario.js'
export { VirtualWorld } from './virtual-world.js'
export type { World } from './world.js'

/** Every promise that the rig can prove, in the order in which they are run. */
export const scenarios: readonly Scenario[] = [...boardScenarios, ...useScenarios]
