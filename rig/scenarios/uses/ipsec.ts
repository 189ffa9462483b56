import { days, milliseconds, seconds } from '../../../protocol/time.js'
import { layCable, startIkeDaemon, startIkeResponder, type IkeDaemon, type IkeResponder, type Part } from '../../peers/index.js'
import type { Bench } from '../bench.js'
import type { Scenario } from '../scenario.js'
import { failedSwap, type Mishap } from './failed-swap.js'
import { issues } from './issue.js'
import { pingLoad } from './load.js'
import { powerCuts } from './power-cuts.js'
import { renewsUnderLoad } from './renewal-under-load.js'
import { UseSite, type UseSitePlan } from './use-site.js'
import type { UseUnderTest } from './use-under-test.js'

/** A board with its daemon, a gateway at the other end of a cable, and a policy that is on and has no key yet. */
interface TunnelSite {
  readonly site: UseSite
  readonly tunnel: UseUnderTest
  readonly gateway: IkeResponder
  /** The board's own, which may have been started anew. */
  readonly daemon: () => IkeDaemon
  readonly startDaemon: (illiterate?: boolean) => Promise<void>
}

/** Behind the board, and behind the gateway. */
const inner = ['10.77.1.1', '10.77.2.1'] as const
const name = 'gateway.example.com'

async function tunnelSite(bench: Bench, plan: Pick<UseSitePlan, 'scepServer'> & { readonly selfHealing?: boolean } = {}): Promise<TunnelSite> {
  const site = await UseSite.open(bench, { network: 'own', ...plan })
  const { home, machine } = site
  const there = await site.neighbour('gateway')
  await layCable({ namespace: home, interface: 'eth0', address: '192.0.2.1/24' }, { namespace: there, interface: 'eth0', address: '192.0.2.2/24' })
  await home.ip('address', 'add', `${inner[0]}/32`, 'dev', 'lo')
  await there.ip('address', 'add', `${inner[1]}/32`, 'dev', 'lo')
  const { certificate, privateKeyPem } = await site.identity({ commonName: name, dnsNames: [name] })
  const gateway = await startIkeResponder(machine, {
    namespace: there, directory: await site.folder(), identity: name, certificate, privateKeyPem, authority: site.ca, network: '10.77.2.0/24', theirs: '10.77.1.0/24',
  })
  site.atEnd(() => gateway.close())
  const own = await site.folder()
  const startDaemon = async (illiterate = false): Promise<void> => {
    daemon = await startIkeDaemon(machine, { namespace: home, directory: own, illiterate })
  }
  let daemon = await startIkeDaemon(machine, { namespace: home, directory: own })
  site.atEnd(() => daemon.close())
  const { socket: vici, restart } = daemon
  const board = await site.switchOn({ configuration: { ipsec: { vici, ...plan.selfHealing === true ? { restart } : {} } } })
  const trusted = await site.trustPeers()
  await board.does(`ipsec add office 192.0.2.2 remote-id=${name} local=10.77.1.0/24 remote=10.77.2.0/24 ca="${trusted}" enabled=yes`)
  return {
    site, gateway, startDaemon,
    daemon: () => daemon,
    tunnel: {
      use: 'ipsec:office', subject: 'cn=printer.example.com', shownBy: ['ipsec status office'], startDaemons: () => startDaemon(),
      // The gateway does not tell by which certificate it was convinced; the store says which key has the use.
      ask: async () => {
        const { code } = await home.processes.run('ping', ['-n', '-c', '1', '-W', '1', '-I', ...inner], seconds(5))
        if (code !== 0) throw new Error('no answer through the tunnel')
        return {}
      },
    },
  }
}

const parts: readonly Part[] = ['network namespaces', 'swanctl', 'charon', 'ping']
const ipsecScenario = { clocks: ['real'], boards: 1, parts } as const

const issue: Scenario = {
  ...ipsecScenario,
  name: 'ipsec-issue',
  promise: 'a certificate that is requested for an IPSec policy brings up an IKE_SA, and pings go through the tunnel',
  async run(bench) {
    const { site, tunnel } = await tunnelSite(bench)
    return issues(site, tunnel)
  },
}

const issueScepserver: Scenario = {
  ...ipsecScenario,
  name: 'ipsec-issue-scepserver',
  promise: 'the same with a certificate of Debian\'s scepserver',
  parts: [...parts, 'scepserver'],
  async run(bench) {
    const { site, tunnel } = await tunnelSite(bench, { scepServer: 'scepserver' })
    return issues(site, tunnel)
  },
}

const renewalUnderLoad: Scenario = {
  ...ipsecScenario,
  name: 'ipsec-renewal-under-load',
  promise: 'a renewal for IPSec makes the new tunnel before it breaks the old one: pings go on',
  async run(bench) {
    const { site, tunnel } = await tunnelSite(bench)
    // strongSwan moves the route from one tunnel to the other; what is on its way just then may be lost.
    const promise = { lost: 3, gap: milliseconds(500) }
    return renewsUnderLoad(site, tunnel, [pingLoad({ promise, clock: bench.time, processes: site.home.processes, from: inner[0], to: inner[1] })])
  },
}

const powerCut: Scenario = {
  ...ipsecScenario,
  name: 'ipsec-power-cut',
  promise: 'after a power cut at any moment of the exchange one of the two keys serves, and the store knows which',
  async run(bench) {
    const { site, tunnel } = await tunnelSite(bench)
    return powerCuts(site, tunnel)
  },
}

/** What goes wrong, by the name of its scenario. */
const mishaps: Readonly<Record<string, { readonly promise: string; readonly selfHealing?: boolean; readonly mishap: (tunnel: TunnelSite) => Promise<Mishap> }>> = {
  'ipsec-wrong-ca': {
    promise: 'a gateway that trusts another CA refuses the new certificate: the old key serves, the status says why',
    mishap: async ({ site, gateway }) => {
      const stranger = await site.identity({ commonName: 'Another CA' })
      return { name: 'Let the gateway trust another CA', happens: () => gateway.trust(stranger.certificate), ends: () => gateway.trust(site.ca), reason: /does not accept our certificate/u }
    },
  },
  'ipsec-expired': {
    promise: 'a gateway whose certificate has expired is refused: the old key serves, the status says why',
    mishap: async ({ site, gateway }) => {
      const now = site.machine.clock.wall()
      const wish = { commonName: name, dnsNames: [name] }
      const [expired, good] = [await site.identity({ ...wish, notBefore: now - days(2), notAfter: now - days(1) }), await site.identity(wish)]
      return {
        name: 'Let the gateway\'s certificate expire', happens: () => gateway.present(expired.certificate, expired.privateKeyPem),
        ends: () => gateway.present(good.certificate, good.privateKeyPem), reason: /a certificate is not valid now/u,
      }
    },
  },
  'ipsec-silent-peer': {
    promise: 'a gateway that answers no new handshake costs 15 s and no service: the old tunnel goes on, the status says why',
    mishap: ({ gateway }) => Promise.resolve({ name: 'Let the gateway fall silent', happens: () => gateway.hush(), ends: () => gateway.speak(), reason: /the peer does not answer/u }),
  },
  'ipsec-daemon-dead': {
    promise: 'a new key is refused while the daemon is dead; the old one serves within a minute of its return, the status says why',
    mishap: ({ daemon, startDaemon }) => Promise.resolve({ name: 'Kill the daemon', happens: () => daemon().close(), ends: () => startDaemon(), reason: /the IPSec daemon does not answer/u }),
  },
  'ipsec-daemon-refuses': {
    promise: 'a daemon that refuses to load the new certificate is not taken for one that serves: the old key serves once it can, the status says why',
    mishap: ({ daemon, startDaemon }) => Promise.resolve({
      name: 'Let the daemon read no certificates', reason: /the IPSec daemon (?:cannot read|refuses|does not know)/u,
      happens: async () => {
        await daemon().close()
        await startDaemon(true)
      },
      ends: async () => {
        await daemon().close()
        await startDaemon()
      },
    }),
  },
  'ipsec-daemon-hangs': {
    promise: 'a daemon that hangs is told within seconds and started again by the board: the old key serves within a minute, the status says why',
    selfHealing: true,
    mishap: ({ site, daemon }) => Promise.resolve({
      name: 'Let the daemon hang', reason: /the IPSec daemon did not answer within/u,
      happens: async () => {
        await site.machine.processes.run('kill', ['-STOP', String(daemon().pid)], seconds(5))
      },
    }),
  },
}

const failures: readonly Scenario[] = Object.entries(mishaps).map(([scenario, { promise, selfHealing = false, mishap }]) => ({
  ...ipsecScenario,
  name: scenario,
  promise,
  async run(bench) {
    const world = await tunnelSite(bench, { selfHealing })
    return failedSwap(world.site, world.tunnel, await mishap(world))
  },
}))

/** IPSec by strongSwan, against strongSwan (device.md section 7). */
export const ipsecScenarios: readonly Scenario[] = [issue, issueScepserver, renewalUnderLoad, ...failures, powerCut]
