import { createPublicKey } from 'node:crypto'
import type { ExecutionContext, Implementation } from 'ava'
import ava from 'ava'
import { issueCertificate } from '../../protocol/scep/index.js'
import { seconds } from '../../protocol/time.js'
import type { ProcessBoard } from '../../rig/boards/index.js'
import { canMakeNamespaces, layCable, NetworkNamespace, startIkeDaemon, startIkeResponder } from '../../rig/peers/index.js'
import { startScepServer } from '../../rig/scep-server/index.js'
import { boardUnderTest, connectBoard, does, folder, platform, says } from '../support/board-under-test.js'
import { fixtureKeys } from '../support/fixture-keys.js'

const charon = '/usr/lib/ipsec/charon'
const possible = await canMakeNamespaces(platform.processes) && await platform.processes.has('swanctl') && await platform.files.exists(charon)

/** Skipped by name where there is no root or no strongSwan; with CI=true that is a failure. */
function tunnels(title: string, run: Implementation<[]>): void {
  if (possible) ava.serial(title, run)
  else if (process.env['CI'] === 'true') ava.serial(title, (t) => t.fail('root, iproute2, strongswan-swanctl and strongswan-charon are needed'))
  else ava.serial.skip(`${title} (needs root, iproute2, strongswan-swanctl, strongswan-charon)`, run)
}

const year = { notBefore: Date.now() - 3_600_000, notAfter: Date.now() + 365 * 86_400_000, digest: 'sha256' } as const
const stranger = issueCertificate({ ...year, subject: { commonName: 'Another CA' }, serial: '09', isCa: true, keyUsage: ['keyCertSign'], privateKey: fixtureKeys.two })

let runs = 0

/** A board with a daemon in one namespace, a gateway in another, and the rig's SCEP server whose CA both trust. */
async function office(t: ExecutionContext) {
  const run = (runs += 1)
  const [here, there] = [await NetworkNamespace.make(platform.processes, `board${run}`), await NetworkNamespace.make(platform.processes, `gateway${run}`)]
  t.teardown(async () => {
    await here.remove()
    await there.remove()
  })
  await layCable({ namespace: here, interface: 'eth0', address: '192.0.2.1/24' }, { namespace: there, interface: 'eth0', address: '192.0.2.2/24' })
  await here.ip('address', 'add', '10.77.1.1/32', 'dev', 'lo')
  await there.ip('address', 'add', '10.77.2.1/32', 'dev', 'lo')

  const server = await startScepServer({ platform })
  t.teardown(() => server.close())
  const { der: ca } = server.authority.ca
  const certificate = issueCertificate({ ...year, subject: { commonName: 'gateway.example.com' }, serial: '02', dnsNames: ['gateway.example.com'], keyUsage: ['digitalSignature'], publicKey: createPublicKey(fixtureKeys.three), issuer: server.authority.signing })
  const directory = await folder(t)
  const gateway = await startIkeResponder(platform, {
    namespace: there, directory, identity: 'gateway.example.com', certificate, privateKeyPem: fixtureKeys.three.export({ type: 'pkcs8', format: 'pem' }).toString(),
    authority: ca, network: '10.77.2.0/24', theirs: '10.77.1.0/24',
  })
  t.teardown(() => gateway.close())
  const own = await folder(t)
  let daemon = await startIkeDaemon(platform, { namespace: here, directory: own })
  t.teardown(() => daemon.close())
  const board = await boardUnderTest(t, { configuration: { runtime: `${own}/run`, ipsec: { vici: daemon.socket } } })
  await connectBoard(t, board, server)
  await does(t, board, `ipsec add office 192.0.2.2 remote-id=gateway.example.com local=10.77.1.0/24 remote=10.77.2.0/24 ca="CA ${server.fingerprint.slice(0, 16)}" enabled=yes`)
  const restartDaemon = async (): Promise<void> => {
    daemon = await startIkeDaemon(platform, { namespace: here, directory: own })
  }
  return { board, here, gateway, daemon, restartDaemon }
}

const request = (board: ProcessBoard, key: string, use = 'ipsec:office') => says(board, `request key-name=${key} cn=printer.example.com use=${use}`, '')

const pings = async (from: NetworkNamespace, count = 3): Promise<readonly string[]> =>
  (await from.processes.run('ping', ['-D', '-n', '-i', '0.01', '-c', String(count), '-W', '1', '-I', '10.77.1.1', '10.77.2.1'], seconds(60))).lines

const received = (lines: readonly string[]): number => Number(/(\d+) received/.exec(lines.join('\n'))?.[1] ?? 0)

tunnels('device.md 7: a certificate from SCEP is put to IPSec: an IKE_SA stands by it, and pings go through the tunnel; a renewal loses none', async (t) => {
  const { board, here, gateway } = await office(t)
  const first = await request(board, 'first')
  t.like(first, { ok: true, values: { status: 'Successful', enabled: 'true' } })
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving', key: 'first' })
  t.is(received(await pings(here)), 3)

  const count = 800
  const loop = pings(here, count)
  const from = platform.clock.monotonic()
  t.like(await request(board, 'second'), { ok: true, values: { status: 'Successful', enabled: 'true' } })
  const took = platform.clock.monotonic() - from
  const lines = await loop
  const stamps = lines.flatMap((line) => /^\[(\d+\.\d+)\].*icmp_seq/.exec(line)?.[1] ?? []).map(Number)
  const widest = Math.max(...stamps.slice(1).map((stamp, index) => (stamp - stamps[index]!) * 1000))
  t.log(`renewal under a ping every 10 ms: ${count - received(lines)} of ${count} lost, longest time without an answer ${widest.toFixed(0)} ms; request to probe ${took.toFixed(0)} ms`)
  t.true(count - received(lines) <= 5, 'make before break')
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving', key: 'second' })
  t.is((await gateway.swanctl('--list-sas', '--raw')).filter((line) => line.startsWith('list-sa event')).length, 1)
})

tunnels('device.md 3: a policy that is off gets the certificate assigned and is not switched on', async (t) => {
  const { board, here } = await office(t)
  await does(t, board, 'ipsec disable office')
  t.like(await request(board, 'first'), { ok: true, values: { status: 'Successful', enabled: 'false' } })
  t.like(await does(t, board, 'ipsec status office'), { state: 'off', key: 'first' })
  t.is(received(await pings(here, 1)), 0)
  t.like(await does(t, board, 'ipsec enable office'), { state: 'serving' })
  t.is(received(await pings(here)), 3)
})

tunnels('device.md 7: a peer that trusts another CA, and a policy that the daemon refuses: the reason in words, and the old key serves', async (t) => {
  const { board, here, gateway } = await office(t)
  await request(board, 'first')
  await gateway.trust(stranger)
  const from = platform.clock.monotonic()
  const refused = await request(board, 'second')
  t.true(platform.clock.monotonic() - from < 60_000)
  t.regex(JSON.stringify(refused) + (await board.command('log 50')).lines.join(' '), /does not accept our certificate/)
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving', key: 'first' })
  t.is(received(await pings(here)), 3)
  const edit = await says(board, 'ipsec edit office ike=rot13-sha1')
  t.like(edit, { ok: false, code: 'use-cannot-serve' })
  t.regex(JSON.stringify(edit), /does not know a value of the IKE proposals/)
  t.is(received(await pings(here)), 3)
})

tunnels('device.md 7: a daemon that is dead refuses a new key; the old one serves again within 60 s of its return', async (t) => {
  const { board, here, daemon, restartDaemon } = await office(t)
  await request(board, 'first')
  await daemon.close()
  const refused = await request(board, 'second')
  t.regex(JSON.stringify(refused) + (await board.command('log 50')).lines.join(' '), /the IPSec daemon does not answer/)
  t.like(await does(t, board, 'ipsec status office'), { state: 'failed', key: 'first' })
  await restartDaemon()
  const from = platform.clock.monotonic()
  while (received(await pings(here, 1)) === 0 && platform.clock.monotonic() - from < 60_000) await here.processes.run('ping', ['-c', '1', '-W', '1', '192.0.2.2'], seconds(5))
  t.log(`the old key serves again ${((platform.clock.monotonic() - from) / 1000).toFixed(1)} s after the daemon is back`)
  t.is(received(await pings(here)), 3)
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving', key: 'first' })
})
