import type { Schedule } from './schedule.js'

/**
 * The smallest schedule that still fails, as far as leaving things out finds it: first whole faults, then what limits
 * and shapes those that remain. The seed stays, so that what is left to chance falls the same way.
 * @param fails whether the schedule, checked anew, still shows the failure
 */
export async function shrink(schedule: Schedule, fails: (smaller: Schedule) => Promise<boolean>): Promise<Schedule> {
  let smallest = schedule
  for (let candidates = smaller(smallest); candidates.length > 0;) {
    const [next, ...rest] = candidates
    candidates = rest
    if (next === undefined || !await fails(next)) continue
    smallest = next
    candidates = smaller(smallest)
  }
  return smallest
}

/** Everything with one thing left out, the largest steps first. */
function smaller(schedule: Schedule): readonly Schedule[] {
  const { faults, board = [] } = schedule
  const withFaults = fewer(faults).map((left) => ({ ...schedule, faults: left }))
  const withBoard = fewer(board).map((left) => ({ ...schedule, board: left }))
  const simpler = faults.flatMap((fault, at) => (typeof fault === 'string' ? [] : Object.keys(fault).filter((key) => key !== 'fault').map((key) => {
    const copy = { ...fault }
    Reflect.deleteProperty(copy, key)
    return { ...schedule, faults: faults.map((other, place) => (place === at ? copy : other)) }
  })))
  return [...withFaults, ...withBoard, ...simpler]
}

/** The halves of a list, then the list without each. */
function fewer<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const halves = items.length < 4 ? [] : [items.slice(0, items.length / 2), items.slice(items.length / 2)]
  return [...halves, ...items.map((_item, at) => items.filter((_other, other) => other !== at))]
}
