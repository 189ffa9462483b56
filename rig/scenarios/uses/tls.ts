import { readCertificate } from '../../../protocol/scep/index.js'
import { seconds } from '../../../protocol/time.js'
import type { Scenario } from '../scenario.js'
import { issues } from './issue.js'
import { UseSite, type UseSitePlan } from './use-site.js'
import type { UseUnderTest } from './use-under-test.js'

/** The board's own HTTPS listener, asked by a new connection each time. */
async function listener(bench: Parameters<typeof UseSite.open>[0], plan: UseSitePlan = {}): Promise<{ readonly site: UseSite; readonly tls: UseUnderTest }> {
  const site = await UseSite.open(bench, plan)
  const board = await site.switchOn()
  const { host, port } = board.board.https
  const client = site.machine.httpsClient({ host, port, timeout: seconds(5) }, 'fresh')
  return {
    site,
    tls: { use: 'tls', subject: `cn=${host}`, ask: async () => ({ serial: readCertificate((await client.get('/')).certificate).serial }) },
  }
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

/** TLS, the board's own listener (device.md section 7). */
export const tlsScenarios: readonly Scenario[] = [tlsIssue, tlsIssueScepserver]
