import { jitterMutants } from './jitter-mutants.js'
import type { Mutant } from './mutant.js'
import { timingMutants } from './timing-mutants.js'

export type { Mutant } from './mutant.js'

/** Every way to be wrong that the rig has to find (rig.md, "Verdict on jitter", 6). */
export const mutants: readonly Mutant[] = [...jitterMutants, ...timingMutants]
