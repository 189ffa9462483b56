import type { ExecutionContext } from 'ava'
import { checkScript } from '../../rig/scep-server/index.js'
import { does, platform, says } from '../support/board-under-test.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { gatewayCertificate, pemOf, request, stranger, tunnelOffice, tunnels, type TunnelOffice } from '../support/tunnel-office.js'

const minute = 60_000

/**
 * Renews while something is wrong, with pings every 10 ms through the tunnel of the old key until it is told.
 * @returns what the status of the policy says
 */
async function renewalThatFails(t: ExecutionContext, office: TunnelOffice): Promise<string> {
  const { board } = office
  const from = platform.clock.monotonic()
  const failed = await request(board, 'second')
  const told = platform.clock.monotonic() - from
  t.true(told < minute, 'told within a minute')
  t.false(failed.ok)
  t.log(`${t.title.replace('device.md 7: ', '')}: told after ${(told / 1000).toFixed(1)} s`)
  return (await does(t, board, 'ipsec status office'))['detail'] ?? ''
}

/** The old key serves, the store says so, and the new key is kept without a use. */
async function oldKeyServes(t: ExecutionContext, { board, pings }: TunnelOffice): Promise<void> {
  const from = platform.clock.monotonic()
  while ((await does(t, board, 'ipsec status office'))['state'] !== 'serving' && platform.clock.monotonic() - from < minute) await pings(1)
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving', key: 'first' })
  t.true((await pings()).received > 0)
  const keys = (await board.command('keys list')).lines.join('\n')
  t.regex(keys, /first.*ipsec:office/u)
  t.notRegex(keys, /second.*ipsec:office/u)
}

tunnels('device.md 7: a peer that does not answer: the reason in words, and not one ping of the old key\'s tunnel is lost', async (t) => {
  const office = await tunnelOffice(t)
  t.true((await request(office.board, 'first')).ok)
  await office.gateway.hush()
  const loop = office.pings(1500)
  t.regex(await renewalThatFails(t, office), /the peer does not answer/)
  await office.gateway.speak()
  const { sent, received, widest } = await loop
  t.log(`${sent - received} of ${sent} pings lost, longest time without an answer ${widest.toFixed(0)} ms`)
  t.true(sent - received <= 5)
  await oldKeyServes(t, office)
})

tunnels('device.md 7: a peer that trusts another CA: the reason in words, and the old key serves', async (t) => {
  const office = await tunnelOffice(t)
  t.true((await request(office.board, 'first')).ok)
  await office.gateway.trust(stranger)
  t.regex(await renewalThatFails(t, office), /does not accept our certificate/)
  await oldKeyServes(t, office)
})

tunnels('device.md 7: a peer whose certificate has expired: the reason in words, and the old key serves', async (t) => {
  const office = await tunnelOffice(t)
  t.true((await request(office.board, 'first')).ok)
  const key = fixtureKeys.four
  await office.gateway.present(gatewayCertificate(office.server.authority.signing, { key, from: Date.now() - 172_800_000, to: Date.now() - 86_400_000 }), pemOf(key))
  t.regex(await renewalThatFails(t, office), /a certificate is not valid now/)
  await oldKeyServes(t, office)
})

tunnels('device.md 6: an issued certificate that has expired is not accepted: the reason in words, and the old key serves', async (t) => {
  const office = await tunnelOffice(t)
  t.true((await request(office.board, 'first')).ok)
  office.server.setScript(checkScript({ faults: ['expired'] }))
  await renewalThatFails(t, office)
  t.regex((await office.board.command('history')).lines.join('\n'), /Certificate Error +certificate-not/)
  await oldKeyServes(t, office)
})

tunnels('device.md 7: a daemon that hangs: told, not waited for; once it goes on the old key serves, and the daemon has nothing of the new one', async (t) => {
  const office = await tunnelOffice(t)
  t.true((await request(office.board, 'first')).ok)
  process.kill(office.daemon().pid, 'SIGSTOP')
  t.teardown(() => process.kill(office.daemon().pid, 'SIGCONT'))
  t.regex(await renewalThatFails(t, office), /the IPSec daemon did not answer within \d+ s/)
  t.like(await does(t, office.board, 'ipsec status office'), { state: 'failed', key: 'first' })
  process.kill(office.daemon().pid, 'SIGCONT')
  await oldKeyServes(t, office)
})

tunnels('device.md 7: policies that the daemon refuses stay as they are or off, with the reason in words', async (t) => {
  const { board, pings } = await tunnelOffice(t)
  t.true((await request(board, 'first')).ok)
  for (const [change, words] of [['ike=rot13-sha1', /does not know a value of the IKE proposals/], ['esp=rot13', /does not know a value of the ESP proposals/]] as const) {
    const edit = await says(board, `ipsec edit office ${change}`)
    t.like(edit, { ok: false, code: 'use-cannot-serve' })
    t.regex(JSON.stringify(edit), words)
  }
  t.true((await pings()).received > 0)
  await does(t, board, 'ipsec disable office')
  await does(t, board, 'ipsec edit office ike=rot13-sha1')
  t.like(await says(board, 'ipsec enable office'), { ok: false, code: 'use-cannot-serve' })
  t.like(await does(t, board, 'ipsec status office'), { state: 'off', key: 'first' })
})
