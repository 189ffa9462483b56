import { jitterMutants } from './jitter-mutants.js'
import { memoryMutants } from './memory-mutants.js'
import type { Mutant } from './mutant.js'
import { timingMutants } from './timing-mutants.js'

export type { Mutant } from './mutant.js'

/** Ways to be wrong that the rig has to find: the ten of rig.md ("Verdict on jitter", 6), and one for each further promise that a port can break. */
export const mutants: readonly Mutant[] = [...jitterMutants, ...timingMutants, ...memoryMutants]
