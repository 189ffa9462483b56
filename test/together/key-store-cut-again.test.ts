import test from 'ava'
import type { Disk } from '../../firmware/platform/index.js'
import { keyStoreScenarios } from '../support/key-store-scenarios.js'
import { sweep } from '../support/key-store-sweep.js'
import type { RecordingDisk } from '../support/recording-disk.js'

/** Here the power is cut again during the recovery; done for all of them it takes a minute, and finds the same. */
const twice: ReadonlySet<string> = new Set(['register and assign', 'delete', 'compact'])

for (const scenario of keyStoreScenarios.filter(({ title }) => twice.has(title))) {
  test(`device.md 6: after a power cut, and another one during the recovery, the store is whole: ${scenario.title}`, async (t) => {
    const { states, distinct, violations } = await sweep(scenario, { twice: true })
    t.log(`${states} states, ${distinct} of them distinct`)
    t.deepEqual(violations, [])
  })
}

/** A disk that says of one of its syncs, the `skipped`-th or all, that it is done, and does nothing. */
function without(call: 'syncDirectory' | 'syncFile', skipped?: number): (disk: RecordingDisk) => Disk {
  let count = 0
  return (disk) => new Proxy(disk, {
    get: (target, name) => {
      if (name === call && (skipped === undefined || count++ === skipped)) return () => Promise.resolve()
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

for (const call of ['syncDirectory', 'syncFile'] as const) {
  test(`the sweep finds a store that leaves out any one ${call}, so none is there in vain`, async (t) => {
    const replace = keyStoreScenarios.find(({ title }) => title === 'replace')!
    const { violations } = await sweep(replace, { wrap: without(call), enough: 1 })
    t.is(violations.length, 1)
    for (let skipped = 0; skipped < 2; skipped += 1) {
      const one = await sweep(replace, { wrap: without(call, skipped), enough: 1 })
      t.is(one.violations.length, 1, `${call} ${skipped}`)
      t.log(one.violations[0]!.split('\n')[0])
    }
    t.is((await sweep(replace, { wrap: without(call, 2), enough: 1 })).violations.length, 0, 'there are two of each: put needs three syncs, complete one')
  })
}
