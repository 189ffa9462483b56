import { PlatenError } from '../../../protocol/errors.js'
import { certificatePem } from '../../../protocol/pem.js'
import { milliseconds, seconds } from '../../../protocol/time.js'
import { layCable, startHostapd, type Admission, type Authenticator } from '../../peers/index.js'
import { Authority } from '../../scep-server/index.js'
import { spell, type Verdict } from '../../verdicts/index.js'
import type { Bench } from '../bench.js'
import { fact } from '../findings.js'
import { RigServer } from '../rig-server.js'
import type { Scenario } from '../scenario.js'
import { ownServer } from '../server-form.js'
import { failedSwap, type Mishap } from './failed-swap.js'
import { issues } from './issue.js'
import { requestLoad } from './load.js'
import { powerCuts } from './power-cuts.js'
import { renewsUnderLoad } from './renewal-under-load.js'
import { UseSite, type UseSitePlan } from './use-site.js'
import { backWithin, requestFor, serialOf, served, servedWithin, whatIsShown, type Seen, type UseUnderTest } from './use-under-test.js'
import { WiredDaemon, type DaemonForm } from './wired-daemon.js'

/** Of the authentication server. */
const serverName = 'radius.example.com'
const answerDeadline = seconds(10)

interface WiredSite {
  readonly site: UseSite
  readonly dot1x: UseUnderTest
  readonly port: Authenticator
  readonly daemon: WiredDaemon
}

/** A board on a switch port that opens by EAP-TLS. IEEE 802.1X is switched on, with the CA and the name of the server. */
async function wired(bench: Bench, plan: Pick<UseSitePlan, 'scepServer'> = {}): Promise<WiredSite> {
  const site = await UseSite.open(bench, { network: 'own', ...plan })
  const switchRoom = await site.neighbour('switch')
  await layCable({ namespace: site.home, interface: 'eth0' }, { namespace: switchRoom, interface: 'port1' })
  const identity = await site.identity({ commonName: serverName, dnsNames: [serverName], extendedKeyUsage: ['serverAuth'] })
  const port = await startHostapd(site.machine, {
    namespace: switchRoom, interface: 'port1', directory: await site.folder(), chain: identity.certificatePem, privateKey: identity.privateKeyPem, stationCa: certificatePem(site.ca),
  })
  site.atEnd(() => port.close())
  const daemon = await WiredDaemon.install(site)
  const board = await site.switchOn({ environment: daemon.environment })
  await board.does(`dot1x set ca="${await site.trustPeers()}" server=${serverName}`)
  const station = (await site.home.processes.run('cat', ['/sys/class/net/eth0/address'], seconds(5))).lines.at(-1) ?? ''
  return { site, port, daemon, dot1x: { use: 'ieee-802-1x', subject: 'cn=printer.example.com', ask: () => ask(site, port, station), shownBy: ['dot1x show'] } }
}

/** The switch asks the station for its certificate, as it does at intervals. */
async function ask({ machine: { clock } }: UseSite, port: Authenticator, station: string): Promise<Seen> {
  const refusals = port.refusals()
  const admitted = port.nextAdmission()
  await port.reauthenticate(station)
  let late = (): void => undefined
  const timer = clock.after('an answer to the switch', answerDeadline, () => late())
  const admission = await Promise.race([admitted, new Promise<undefined>((resolve) => (late = () => resolve(undefined)))])
  timer.cancel()
  if (admission === undefined) throw new PlatenError('timed-out', port.refusals() > refusals ? 'the switch refused the station' : 'the station did not answer the switch')
  return seen(admission)
}

/** The serial number as `keys show` writes it: whole bytes. */
function seen(admission: Admission | undefined): Seen {
  return admission === undefined ? {} : { serial: admission.serial.toLowerCase().padStart(admission.serial.length + admission.serial.length % 2, '0') }
}

const wiredScenario = { clocks: ['real'], boards: 1, parts: ['network namespaces', 'hostapd', 'wpa_supplicant'] } as const

const issue: Scenario = {
  ...wiredScenario,
  name: 'ieee-802-1x-issue',
  promise: 'a certificate that is requested for IEEE 802.1X opens the port by EAP-TLS at once',
  async run(bench) {
    const { site, dot1x } = await wired(bench)
    const findings = await issues(site, dot1x)
    return { ...findings, verdicts: [...findings.verdicts, await statusServes(site, 'first')] }
  },
}

const issueScepserver: Scenario = {
  ...wiredScenario,
  name: 'ieee-802-1x-issue-scepserver',
  promise: 'the same with a certificate of Debian\'s scepserver',
  parts: [...wiredScenario.parts, 'scepserver'],
  async run(bench) {
    const { site, dot1x } = await wired(bench, { scepServer: 'scepserver' })
    return issues(site, dot1x)
  },
}

const renewal: Scenario = {
  ...wiredScenario,
  name: 'ieee-802-1x-renewal',
  promise: 'a renewed certificate authenticates anew; until then the old one does, and the port is not seen closed',
  async run(bench) {
    const { site, dot1x, port } = await wired(bench)
    const open = requestLoad({
      name: 'the port, looked at every 20 ms', promise: { lost: 0, gap: 1_000 }, clock: bench.time, pause: milliseconds(20),
      ask: () => (port.open() ? Promise.resolve(seen(port.admissions.at(-1))) : Promise.reject(new PlatenError('connect-failed', 'the port is closed'))),
    })
    const findings = await renewsUnderLoad(site, dot1x, [open])
    const renewed = await serialOf(site.board, 'second')
    const shown = port.admissions.map((admission) => seen(admission).serial)
    const never = fact('the old key until then', 'the old certificate is never shown after the new one', shown.lastIndexOf(renewed) === shown.length - 1 && shown.slice(shown.indexOf(renewed)).every((serial) => serial === renewed), `the switch let in ${shown.join(', ')}`)
    return { ...findings, verdicts: [...findings.verdicts, never, await statusServes(site, 'second')] }
  },
}

/** A swap that fails by what happens to the daemon; service comes back when the program is in order again. */
function daemonTrouble(form: Exclude<DaemonForm, 'well'>, name: string, promise: string, reason: RegExp): Scenario {
  return {
    ...wiredScenario,
    name: `ieee-802-1x-daemon-${form}`,
    promise: `${promise}: the old key serves within 60 s after it is in order again, the status says why`,
    async run(bench) {
      const { site, dot1x, daemon } = await wired(bench)
      return failedSwap(site, dot1x, { name, happens: () => daemon.become(form), ends: () => daemon.become('well'), reason })
    },
  }
}

const wrongCa: Scenario = {
  ...wiredScenario,
  name: 'ieee-802-1x-wrong-ca',
  promise: 'a certificate of a CA that the authentication server does not know is taken back, the status says why',
  async run(bench) {
    const { site, dot1x } = await wired(bench)
    return failedSwap(site, dot1x, await anotherCa(site, dot1x))
  },
}

/** The board enrols with a CA that the switch does not know. */
async function anotherCa(site: UseSite, dot1x: UseUnderTest): Promise<Mishap> {
  const { machine, board } = site
  const authority = await Authority.open({ name: 'Another CA' }, machine)
  const server = await RigServer.start(await ownServer(machine, { address: new URL(site.server.url).hostname, authority }))
  site.atEnd(() => server.goDown())
  return {
    name: 'Enrol with another CA',
    happens: async () => {
      await board.does(`comm set url=${server.url} port=${server.port}`)
      await board.does('ca fetch')
      await board.does(`ca pin ${server.fingerprint}`)
    },
    exchange: () => requestFor(dot1x, board, 'second'),
    reason: /the authentication server refused (the|our) certificate/u,
  }
}

const expired: Scenario = {
  ...wiredScenario,
  name: 'ieee-802-1x-expired',
  promise: 'a certificate that has expired never authenticates: the old key does, the status says why',
  async run(bench) {
    const { site, dot1x } = await wired(bench)
    return failedSwap(site, dot1x, {
      name: 'Let the CA issue what has expired', reason: /expired|not valid/iu,
      happens: () => {
        site.server.misbehave({ faults: ['expired'] })
        return Promise.resolve()
      },
    })
  },
}

const powerCut: Scenario = {
  ...wiredScenario,
  name: 'ieee-802-1x-power-cut',
  promise: 'after a power cut at any moment of the exchange the port opens for the key that the store names',
  async run(bench) {
    const { site, dot1x } = await wired(bench)
    return powerCuts(site, dot1x)
  },
}

const daemonInService: Scenario = {
  ...wiredScenario,
  name: 'ieee-802-1x-daemon-in-service',
  promise: 'a wpa_supplicant that is killed or hangs in service is replaced within 60 s, and the status says so meanwhile',
  async run(bench) {
    const { site, dot1x, daemon } = await wired(bench)
    const { board } = site
    await bench.step('Have a key in service', {}, () => board.does(`request key-name=first ${dot1x.subject} use=ieee-802-1x`))
    const serial = await serialOf(board, 'first')
    const verdicts: Verdict[] = []
    for (const [signal, what] of [['STOP', 'hangs'], ['KILL', 'was killed']] as const) {
      await bench.step(`wpa_supplicant: ${signal}`, {}, () => daemon.signal(signal))
      const from = bench.time.monotonic()
      const shown = signal === 'STOP' ? await whatIsShown(dot1x, board) : 'wpa_supplicant'
      await bench.step('Authenticate', {}, () => servedWithin(site, dot1x, served(serial)))
      const took = bench.time.monotonic() - from
      verdicts.push(
        fact(`told: ${what}`, 'the status names the daemon', shown.includes('wpa_supplicant'), shown.includes('wpa_supplicant') ? 'it does' : shown),
        fact(`replaced: ${what}`, 'the port opens again within 60 s', took <= backWithin, `after ${spell(Math.round(took))}`, { 'after, ms': Math.round(took) }),
      )
    }
    return { verdicts: [...verdicts, await statusServes(site, 'first')] }
  },
}

async function statusServes({ board }: UseSite, key: string): Promise<Verdict> {
  const shown = await board.does('dot1x show')
  return fact('the status says so', `dot1x show has the key "${key}" and the state serving`, shown['state'] === 'serving' && shown['key'] === key, `it shows "${shown['key'] ?? 'none'}", ${shown['state'] ?? ''}: ${shown['detail'] ?? ''}`)
}

/** IEEE 802.1X by wpa_supplicant, with hostapd as the switch and the authentication server (device.md section 7). */
export const wiredScenarios: readonly Scenario[] = [
  issue, issueScepserver, renewal, wrongCa, expired,
  daemonTrouble('dead', 'Break the daemon', 'a wpa_supplicant that does not even start', /wpa_supplicant ended \(exit code 137\)/u),
  daemonTrouble('refuses', 'Let the daemon refuse every configuration', 'a wpa_supplicant that refuses its configuration', /Failed to read or parse configuration/u),
  daemonTrouble('hangs', 'Let the daemon hang', 'a wpa_supplicant that hangs, and whose successors do', /wpa_supplicant (does not answer|hung)/u),
  powerCut, daemonInService,
]
