import test from 'ava'
import { describeFleet, simulateFleet } from '../support/schedule-fleet.js'
import { noFindings } from '../support/schedule-oracle.js'

/** Fresh seeds each day, or the one given: PLATEN_SEED=… replays a run. */
const given = Number(process.env['PLATEN_SEED'])
const firstSeed = Number.isSafeInteger(given) && given > 0 ? given : Math.floor(Date.now() / 86_400_000)

for (let part = 0; part < 10; part += 1) {
  const seed = firstSeed * 10 + part
  test.serial(`10,000 more device-years of 100,000 keep every promise of the schedule: part ${part + 1}`, (t) => {
    const before = process.cpuUsage().user
    const report = simulateFleet({ seed, devices: 1000, years: 10 })
    t.log(describeFleet(seed, report, (process.cpuUsage().user - before) / 1e6))
    t.deepEqual(report.findings, noFindings(), `PLATEN_SEED=${firstSeed}\n${report.replays.join('\n')}`)
  })
}
