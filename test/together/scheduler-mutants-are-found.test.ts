import test from 'ava'
import { simulateFleet } from '../support/schedule-fleet.js'
import { scheduleMutants } from '../support/schedule-mutants.js'

const seed = 20_261_121

for (const [name, { scheduler, finding }] of Object.entries(scheduleMutants)) {
  test(`the oracle finds a scheduler that ${name}`, (t) => {
    const report = simulateFleet({ seed, devices: 40, years: 4, scheduler })
    t.log(Object.entries(report.findings).filter(([, count]) => count > 0).map(([found, count]) => `${found} ${count}`).join(', '))
    t.true(report.findings[finding] > 0)
    t.true(report.replays.length > 0)
  })
}
