import { readCertificate } from '../../../protocol/scep/index.js'
import { milliseconds, seconds } from '../../../protocol/time.js'
import type { FaultScript } from '../../scep-server/index.js'
import type { Scenario } from '../scenario.js'
import { failedSwap } from './failed-swap.js'
import { issues } from './issue.js'
import { requestLoad } from './load.js'
import { powerCuts } from './power-cuts.js'
import { renewsUnderLoad } from './renewal-under-load.js'
import { UseSite, type UseSitePlan } from './use-site.js'
import type { Seen, UseUnderTest } from './use-under-test.js'

/** The board's own HTTPS listener, asked by a new connection each time. */
async function listener(bench: Parameters<typeof UseSite.open>[0], plan: UseSitePlan = {}): Promise<{ readonly site: UseSite; readonly tls: UseUnderTest }> {
  const site = await UseSite.open(bench, plan)
  const board = await site.switchOn()
  const { host, port } = board.board.https
  const client = site.machine.httpsClient({ host, port, timeout: seconds(5) }, 'fresh')
  return {
    site,
    tls: { use: 'tls', subject: `cn=${host}`, ask: async () => serialShown(await client.get('/')) },
  }
}

function serialShown({ certificate }: { readonly certificate: Uint8Array }): Seen {
  return { serial: readCertificate(certificate).serial }
}

const tlsScenario = { clocks: ['real'], boards: 1 } as const

const tlsIssue: Scenario = {
  ...tlsScenario,
  name: 'tls-issue',
  promise: 'a certificate that is requested for TLS serves on the board\'s own HTTPS listener at once',
  async run(bench) {
    const { site, tls } = await listener(bench)
    return issues(site, tls)
  },
}

const tlsIssueScepserver: Scenario = {
  ...tlsScenario,
  name: 'tls-issue-scepserver',
  promise: 'the same with a certificate of Debian\'s scepserver',
  parts: ['scepserver'],
  async run(bench) {
    const { site, tls } = await listener(bench, { scepServer: 'scepserver' })
    return issues(site, tls)
  },
}

const tlsRenewalUnderLoad: Scenario = {
  ...tlsScenario,
  name: 'tls-renewal-under-load',
  promise: 'a renewal for TLS loses no request, neither on new connections nor on one that is kept',
  async run(bench) {
    const { site, tls } = await listener(bench)
    const { host, port } = site.board.board.https
    const kept = site.machine.httpsClient({ host, port, timeout: seconds(5) }, 'kept')
    const promise = { lost: 0, gap: seconds(1) }
    return renewsUnderLoad(site, tls, [
      requestLoad({ name: 'new connections', promise, handshakes: true, clock: bench.time, ask: tls.ask, pause: milliseconds(5) }),
      requestLoad({ name: 'one connection', promise, clock: bench.time, ask: async () => serialShown(await kept.get('/')), pause: milliseconds(5), close: () => kept.close() }),
    ])
  },
}

const tlsWrongCa: Scenario = {
  ...tlsScenario,
  name: 'tls-wrong-ca',
  promise: 'a certificate that leads to another CA than the pinned one never serves: the old key does, the status says why',
  async run(bench) {
    const { site, tls } = await listener(bench)
    return failedSwap(site, tls, {
      name: 'Let somebody else answer for the CA', happens: () => misbehave(site, ['other-signer']), reason: /signature|signed/iu,
    })
  },
}

const tlsExpired: Scenario = {
  ...tlsScenario,
  name: 'tls-expired',
  promise: 'a certificate that has expired never serves: the old key does, the status says why',
  async run(bench) {
    const { site, tls } = await listener(bench)
    return failedSwap(site, tls, { name: 'Let the CA issue what has expired', happens: () => misbehave(site, ['expired']), reason: /expired|not valid/iu })
  },
}

const tlsPowerCut: Scenario = {
  ...tlsScenario,
  name: 'tls-power-cut',
  promise: 'after a power cut at any moment of the exchange one of the two keys serves, and the store knows which',
  async run(bench) {
    const { site, tls } = await listener(bench)
    return powerCuts(site, tls)
  },
}

function misbehave({ server }: UseSite, faults: FaultScript['faults']): Promise<void> {
  server.misbehave({ faults })
  return Promise.resolve()
}

/** TLS, the board's own listener (device.md section 7). */
export const tlsScenarios: readonly Scenario[] = [tlsIssue, tlsIssueScepserver, tlsRenewalUnderLoad, tlsWrongCa, tlsExpired, tlsPowerCut]
