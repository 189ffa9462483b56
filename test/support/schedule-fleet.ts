import { noFindings, type Findings } from './schedule-oracle.js'
import { simulate, type LifeReport, type Scheduler } from './schedule-simulation.js'

export interface FleetReport {
  readonly deviceYears: number
  readonly findings: Findings
  /** The first few devices with findings, each with the line that replays its life bit for bit. */
  readonly replays: readonly string[]
  readonly requests: number
  readonly successes: number
  readonly errors: number
  readonly reboots: number
  readonly crashes: number
  readonly clockSteps: number
  readonly events: number
}

const counted = ['successes', 'errors', 'reboots', 'crashes', 'clockSteps', 'events'] as const

/** The lives of many devices, each under the same seed and its own number. */
export function simulateFleet({ seed, devices, years, first = 0, scheduler }: { readonly seed: number; readonly devices: number; readonly years: number; readonly first?: number; readonly scheduler?: Scheduler }): FleetReport {
  const findings = noFindings()
  const sums = { successes: 0, errors: 0, reboots: 0, crashes: 0, clockSteps: 0, events: 0 }
  const replays: string[] = []
  let requests = 0
  for (let device = first; device < first + devices; device += 1) {
    const report = simulate({ seed, device, years, ...(scheduler && { scheduler }) })
    requests += report.kept
    for (const name of counted) sums[name] += report[name]
    if (addFindings(findings, report) && replays.length < 5) replays.push(replayLine(seed, device, years))
  }
  return { deviceYears: devices * years, findings, replays, requests, ...sums }
}

function addFindings(sum: Findings, { findings }: LifeReport): boolean {
  let any = false
  for (const name of Object.keys(sum) as (keyof Findings)[]) {
    sum[name] += findings[name]
    any ||= findings[name] > 0
  }
  return any
}

export function replayLine(seed: number, device: number, years: number): string {
  return `node -e "import('./build/test/support/schedule-simulation.js').then((m) => console.log(m.simulate({ seed: ${seed}, device: ${device}, years: ${years}, trace: true })))"`
}

/** One paragraph for the log of a test. */
export function describeFleet(seed: number, report: FleetReport, cpuSeconds: number): string {
  const { deviceYears, requests, successes, errors, reboots, crashes, clockSteps, events } = report
  return `seed ${seed}: ${deviceYears} device-years, ${requests} requests (${successes} successful, ${errors} errors), ${reboots} boots, ${crashes} crashes between two effects, ${clockSteps} clock steps; `
    + `${events} events in ${cpuSeconds.toFixed(1)} s of one core, ${Math.round(events / cpuSeconds)} a second`
}
