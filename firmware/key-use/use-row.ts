import { displayKeyUse, type Caveat, type KeyUse } from '../../protocol/key-use.js'
import type { KeyEntry } from '../key-store/index.js'
import type { KeyUseDriver, UseStatus } from './driver.js'
import type { SwapReason } from './swap.js'
import type { SwapReport } from './swap-report.js'

/** All that is known of one use; undefined is what there is not. */
export interface UseView {
  readonly use: KeyUse
  readonly driver: KeyUseDriver | undefined
  readonly assigned: KeyEntry | undefined
  /** Why its key does not serve though it should. */
  readonly unserved: SwapReason | undefined
  readonly caveats: readonly Caveat[]
  readonly swap: SwapReport | undefined
}

/** One use with its key and how it is doing. */
export interface UseRow extends UseStatus {
  readonly use: KeyUse
  /** Name of the assigned key. */
  readonly key?: string
  /** Of the key, as found when it was put to the use, or at the start. */
  readonly caveats: readonly Caveat[]
  /** The last exchange since the start. */
  readonly swap?: SwapReport
}

export async function rowOf(view: UseView): Promise<UseRow> {
  const { use, assigned, caveats, swap } = view
  return { use, ...(assigned === undefined ? {} : { key: assigned.name }), ...await statusOf(view), caveats, ...(swap === undefined ? {} : { swap }) }
}

async function statusOf(view: UseView): Promise<UseStatus> {
  const { driver, assigned, unserved } = view
  if (driver === undefined) return { state: 'off', detail: 'Not in this firmware, or not set up.' }
  if (!isOn(driver)) return { state: 'off', detail: 'Switched off.' }
  if (assigned === undefined) return { state: 'no-key', detail: 'No key is assigned.' }
  const problem = unserved === undefined ? undefined : unservedProblem(view)
  if (driver.status !== undefined && (problem === undefined || driver.current() === assigned.id)) return driver.status()
  if (problem !== undefined) return { state: 'failed', detail: problem }
  return driver.current() === undefined ? { state: 'failed', detail: 'Nothing serves.' } : { state: 'serving', detail: '' }
}

/** What is wrong between the store and what serves, as sentences; empty when all is well, or the use is off. */
export function problemsOf(view: UseView): readonly string[] {
  const { driver, swap } = view
  if (driver === undefined || !isOn(driver)) return []
  const problem = unservedProblem(view)
  const takenBack = swap?.afterStart === true && swap.outcome === 'undone'
  return [
    ...(problem === undefined ? [] : [problem]),
    ...(takenBack ? [`The key "${swap.key}" was taken back from ${displayKeyUse(swap.use)}: ${swap.reason?.message ?? ''}. The key before serves.`] : []),
  ]
}

/** Why the assigned key does not serve, or was not seen to; undefined when all is well. */
export function unservedProblem({ use, driver, assigned, unserved }: UseView): string | undefined {
  if (assigned === undefined || driver === undefined) return undefined
  if (unserved?.code === 'listen-failed' && driver.current() === undefined) return `${unserved.message}. ${unserved.fix} It is tried again every 30 s.`
  const why = unserved === undefined ? '' : `: ${unserved.message}`
  if (driver.current() !== assigned.id) return `The key "${assigned.name}" is assigned to ${displayKeyUse(use)} but cannot serve${use === 'tls' ? '; the default key serves instead' : ''}${why}.`
  return unserved === undefined ? undefined : `The key "${assigned.name}" is in place for ${displayKeyUse(use)}, but was not seen to serve${why}. It is tried again.`
}

/** Whether the function is switched on. */
export function isOn(driver: KeyUseDriver): boolean {
  return driver.enabled?.() ?? true
}
