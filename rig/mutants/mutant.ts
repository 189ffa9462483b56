import type { VaryPlatform } from '../boards/index.js'

/**
 * Firmware that breaks a promise, made of the real one by another form of a port (rig.md, "Verdict on jitter", 6).
 * A rig that does not find it out proves nothing when it passes the real one.
 */
export interface Mutant {
  readonly name: string
  /** What is wrong with it, one sentence. */
  readonly flaw: string
  readonly vary: VaryPlatform
  /** The scenario that must fail it. */
  readonly scenario: string
  /** The verdict that must be `fail` there, by its name. */
  readonly verdict: string
}
