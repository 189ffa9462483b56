import test from 'ava'
import { BoardSubject, ruleNames, runConformance, tableRows, verdictOf } from '../../rig/conformance/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'
import { publishedRows } from '../support/conformance-page.js'

const platform = linuxPlatform()

test('our board keeps every rule of scep.md, C-1 to C-22, through the built firmware and its console', async (t) => {
  t.timeout(300_000)
  const subject = await BoardSubject.start(platform)
  t.teardown(() => subject.close())
  const record = await runConformance({ platform, subject, canTrust: true, seed: 'system', replay: '', onResult: () => undefined })
  t.deepEqual(record.rules.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome !== 'pass'), [])
  t.deepEqual(record.rules.map(({ rule }) => rule), [...ruleNames])
  t.is(verdictOf(record), 'pass')
  t.deepEqual(tableRows(record), publishedRows('Platen'), 'rig/conformance/README.md is what this run found')
})
