import { milliseconds, seconds } from '../../../protocol/time.js'
import { fact } from '../findings.js'
import type { Bench } from '../bench.js'
import type { Findings, Scenario } from '../scenario.js'
import { failedSwap, type Mishap } from './failed-swap.js'
import { issues } from './issue.js'
import { requestLoad } from './load.js'
import { powerCuts } from './power-cuts.js'
import { renewsUnderLoad } from './renewal-under-load.js'
import { TlsDaemons } from './tls-daemons.js'
import type { UseSitePlan } from './use-site.js'

const ippsScenario = { clocks: ['real'], boards: 1, parts: ['nginx', 'ippeveprinter', 'ipptool', 'dbus-daemon'] } as const satisfies Partial<Scenario>

async function issue(bench: Bench, plan: UseSitePlan, verifying: boolean): Promise<Findings> {
  const daemons = await TlsDaemons.open(bench, plan)
  const { verdicts, ...findings } = await issues(daemons.site, daemons.asClient(verifying))
  const { passed, lines } = await bench.step('Ask the printer by ipptool over ipps', {}, () => daemons.ipptool())
  const said = lines.find((line) => /\[(?:PASS|FAIL)\]/u.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  return { ...findings, verdicts: [...verdicts, fact('ipptool', 'ipptool gets the attributes of the printer over ipps', passed, said.replace(/\s+/gu, ' ').trim())] }
}

async function mishap(bench: Bench, whatHappens: (daemons: TlsDaemons) => Mishap): Promise<Findings> {
  const daemons = await TlsDaemons.open(bench)
  return failedSwap(daemons.site, daemons.asClient(), whatHappens(daemons))
}

const ippsIssue: Scenario = {
  ...ippsScenario,
  name: 'ipps-issue',
  promise: 'a certificate that is requested for TLS serves on the listener, on nginx and on an IPP printer, and clients that trust the CA alone take it',
  run: (bench) => issue(bench, {}, true),
}

const ippsIssueScepserver: Scenario = {
  ...ippsScenario,
  name: 'ipps-issue-scepserver',
  promise: 'the same with a certificate of Debian\'s scepserver, which is for TLS clients and therefore not verified as a server\'s',
  parts: [...ippsScenario.parts, 'scepserver'],
  run: (bench) => issue(bench, { scepServer: 'scepserver' }, false),
}

const ippsRenewalUnderLoad: Scenario = {
  ...ippsScenario,
  name: 'ipps-renewal-under-load',
  promise: 'a renewal for TLS loses no request, neither to nginx, which is told to load it, nor to a printer that opens its files for each connection',
  async run(bench) {
    const daemons = await TlsDaemons.open(bench)
    const { nginx, printer } = daemons.clients()
    const promise = { lost: 0, gap: seconds(2) }
    return renewsUnderLoad(daemons.site, daemons.asClient(), [
      requestLoad({ name: 'HTTPS to nginx, a new connection each time', promise, handshakes: true, clock: bench.time, ask: nginx, pause: milliseconds(5) }),
      requestLoad({ name: 'IPPS to the printer, a new connection each time', promise, handshakes: true, clock: bench.time, ask: printer, pause: milliseconds(5) }),
    ])
  },
}

const ippsDaemonDead: Scenario = {
  ...ippsScenario,
  name: 'ipps-daemon-dead',
  promise: 'with a printer that is dead nobody gets the new certificate; the old one serves everywhere when it is back',
  run: (bench) => mishap(bench, (daemons) => ({
    name: 'Kill the printer', happens: () => daemons.killPrinter(), ends: () => daemons.comesBack(), reason: /printer: no TLS handshake with .*ECONNREFUSED/u,
  })),
}

const ippsDaemonRefuses: Scenario = {
  ...ippsScenario,
  name: 'ipps-daemon-refuses',
  promise: 'with an nginx that refuses the key nobody gets the new certificate: the old one serves everywhere within 60 s',
  run: (bench) => mishap(bench, (daemons) => ({
    name: 'Give nginx another key file', happens: () => daemons.spoil(), reason: /nginx: its reload command ended with exit code 1: .*key values mismatch/u,
  })),
}

const ippsReloadHangs: Scenario = {
  ...ippsScenario,
  name: 'ipps-reload-hangs',
  promise: 'with a reload command that hangs nobody gets the new certificate: the old one serves everywhere within 60 s',
  run: (bench) => mishap(bench, (daemons) => ({
    name: 'Let the reload command hang', happens: () => daemons.feel('hang'), reason: /nginx: its reload command did not end within 2 s, and was killed/u,
  })),
}

const ippsServesOld: Scenario = {
  ...ippsScenario,
  name: 'ipps-serves-old',
  promise: 'with an nginx that goes on with its old certificate nobody gets the new one',
  run: (bench) => mishap(bench, (daemons) => ({
    name: 'Let the reload command do nothing', happens: () => daemons.feel('nothing'), reason: /nginx: a TLS client saw another certificate/u,
  })),
}

const ippsPowerCut: Scenario = {
  ...ippsScenario,
  name: 'ipps-power-cut',
  promise: 'after a power cut at any moment of the exchange one of the two keys serves everywhere, and the store knows which',
  async run(bench) {
    const daemons = await TlsDaemons.open(bench)
    return powerCuts(daemons.site, daemons.asClient())
  },
}

/** TLS with external daemons: nginx and CUPS' ippeveprinter. */
export const ippsScenarios: readonly Scenario[] = [ippsIssue, ippsIssueScepserver, ippsRenewalUnderLoad, ippsDaemonDead, ippsDaemonRefuses, ippsReloadHangs, ippsServesOld, ippsPowerCut]
