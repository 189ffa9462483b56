import test from 'ava'
import { describeFleet, simulateFleet } from '../../../support/schedule-fleet.js'
import { noFindings } from '../../../support/schedule-oracle.js'
import { simulate } from '../../../support/schedule-simulation.js'

const seed = 20_261_121

test('10,000 device-years of reboots, power cuts between effects, clock steps and outages: nothing skipped, nothing doubled', (t) => {
  const before = process.cpuUsage().user
  const report = simulateFleet({ seed, devices: 1000, years: 10 })
  t.log(describeFleet(seed, report, (process.cpuUsage().user - before) / 1e6))
  t.deepEqual(report.findings, noFindings(), report.replays.join('\n'))
  t.is(report.deviceYears, 10_000)
  t.true(report.requests > 100_000 && report.crashes > 1000 && report.clockSteps > 1000 && report.errors > 1000)
})

test('a life is the same bit for bit each time it is lived', (t) => {
  const life = { seed, device: 3, years: 3, trace: true }
  const first = simulate(life)
  t.true(first.trace.length > 50)
  t.deepEqual(simulate(life), first)
  t.notDeepEqual(simulate({ ...life, seed: seed + 1 }).trace, first.trace)
})
