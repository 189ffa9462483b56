import type { FaultScript } from '../scep-server/index.js'

/**
 * The smallest script that still fails, as far as leaving things out finds it: first whole faults, then what limits
 * and shapes those that remain. The seed stays, so that what is left to chance falls the same way.
 * @param fails whether the script, checked anew, still shows the failure
 */
export async function shrink(script: FaultScript, fails: (smaller: FaultScript) => Promise<boolean>): Promise<FaultScript> {
  let smallest = script
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
function smaller({ faults, ...script }: FaultScript): readonly FaultScript[] {
  const halves = faults.length < 4 ? [] : [faults.slice(0, faults.length / 2), faults.slice(faults.length / 2)]
  const without = faults.length < 2 ? [] : faults.map((_fault, at) => faults.filter((_other, other) => other !== at))
  const simpler = faults.flatMap((fault, at) => (typeof fault === 'string' ? [] : Object.keys(fault).filter((key) => key !== 'fault').map((key) => {
    const copy = { ...fault }
    Reflect.deleteProperty(copy, key)
    return faults.map((other, place) => (place === at ? copy : other))
  })))
  return [...halves, ...without, ...simpler].map((fewer) => ({ ...script, faults: fewer }))
}
