import test from 'ava'
import { BoardSubject, runConformance, verdictOf, type Rule } from '../../rig/conformance/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'

const platform = linuxPlatform()

/** Each through the process; `npm run rig -- conformance` has them all. */
const shown: readonly Rule[] = ['C-2', 'C-13', 'C-14', 'C-17', 'C-20', 'C-21', 'C-22']

test.serial('our board keeps the rules, through the built firmware and its console', async (t) => {
  const subject = await BoardSubject.start(platform)
  t.teardown(() => subject.close())
  const record = await runConformance({ platform, subject, canTrust: true, seed: 'system', replay: '', only: shown, onResult: () => undefined })
  t.deepEqual(record.rules.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome !== 'pass'), [])
  t.deepEqual(record.rules.map(({ rule }) => rule), [...shown])
  t.is(verdictOf(record), 'pass')
})
