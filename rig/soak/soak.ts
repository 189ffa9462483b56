import { hasCode } from '../../protocol/errors.js'
import type { VaryPlatform } from '../boards/index.js'
import { seeded } from '../verdicts/index.js'
import { drawSchedule, type Schedule } from './schedule.js'
import { shrink } from './shrink.js'
import type { SoakFailure } from './failure.js'
import { trial } from './trial.js'

export interface SoakOptions {
  readonly seed: string
  /** Asked before each trial. */
  readonly goesOn: (done: number) => boolean
  readonly onTrial?: (number: number, schedule: Schedule) => void
  /** Firmware that is to be found out. */
  readonly vary?: VaryPlatform
}

export interface SoakResult {
  readonly trials: number
  readonly found?: {
    /** Of the one trial that failed: with it the script fails again. */
    readonly seed: string
    readonly failure: SoakFailure
    readonly drawn: Schedule
    readonly smallest: Schedule
  }
}

/** Random schedules, one after the other, until one fails; that one is shrunk. The seed settles all of it. */
export async function soak({ seed, goesOn, onTrial, vary }: SoakOptions): Promise<SoakResult> {
  let number = 0
  while (goesOn(number)) {
    number += 1
    const own = `${seed}-${number}`
    const drawn = drawSchedule(seeded(own))
    onTrial?.(number, drawn)
    const { failure } = await trial(drawn, own, vary)
    if (failure === undefined) continue
    const smallest = await shrink(drawn, async (smaller) => (await attempt(smaller, own, vary))?.name === failure.name)
    return { trials: number, found: { seed: own, failure, drawn, smallest } }
  }
  return { trials: number }
}

/** A schedule that leaves out what its fault needs is none, and so no failure. */
async function attempt(schedule: Schedule, seed: string, vary: VaryPlatform | undefined): Promise<SoakFailure | undefined> {
  try {
    return (await trial(schedule, seed, vary)).failure
  } catch (error) {
    if (hasCode(error, 'config-invalid')) return undefined
    throw error
  }
}
