import { does, says } from '../support/board-under-test.js'
import { request, tunnelOffice, tunnels, type TunnelOffice } from '../support/tunnel-office.js'

/** What the gateway has up, and with whom, one line for each IKE_SA. */
async function seen({ gateway }: TunnelOffice): Promise<readonly string[]> {
  const lines = await gateway.swanctl('--list-sas', '--raw')
  return lines.filter((line) => line.startsWith('list-sa event')).map((line) => `${/ remote-id=(\S+)/.exec(line)?.[1] ?? ''} from ${/ remote-host=(\S+)/.exec(line)?.[1] ?? ''}`)
}

tunnels('device.md 7: leaf and intermediates are sent: a peer that knows the root alone accepts a certificate of a CA below it', async (t) => {
  const office = await tunnelOffice(t, { script: { faults: ['chain-shuffled'] } })
  t.like(await request(office.board, 'first'), { ok: true, values: { enabled: 'true' } })
  t.like(await does(t, office.board, 'ipsec status office'), { state: 'serving' })
  const issuers = (await does(t, office.board, 'keys show first'))['issuer'] ?? ''
  t.regex(issuers, /below/)
  t.true((await office.pings()).received > 0)
})

tunnels('device.md 7: IPv6 outside and inside the tunnel; a renewal loses no more than 5 pings', async (t) => {
  const office = await tunnelOffice(t, { outer: ['2001:db8::1', '2001:db8::2'], inner: ['fd00:1::1', 'fd00:2::1'] })
  t.like(await request(office.board, 'first'), { ok: true, values: { enabled: 'true' } })
  t.deepEqual(await seen(office), ['printer.example.com from 2001:db8::1'])
  const loop = office.pings(400)
  t.like(await request(office.board, 'second'), { ok: true, values: { enabled: 'true' } })
  const { sent, received, widest } = await loop
  t.log(`IPv6: ${sent - received} of ${sent} lost, longest time without an answer ${widest.toFixed(0)} ms`)
  t.true(sent - received <= 5)
})

tunnels('device.md 7: who the board is comes from its certificate: an address, a name, or the one of them that the policy says', async (t) => {
  const office = await tunnelOffice(t)
  const { board } = office
  t.true((await request(board, 'address', 'ipsec:office', '192.0.2.1')).ok)
  t.deepEqual(await seen(office), ['192.0.2.1 from 192.0.2.1'])
  t.true((await says(board, 'request key-name=both cn=printer.example.com dns=second.example.com ip=192.0.2.1 use=ipsec:office', '')).ok)
  t.deepEqual(await seen(office), ['printer.example.com from 192.0.2.1'])
  t.like(await does(t, board, 'ipsec edit office local-id=second.example.com'), { state: 'serving' })
  t.deepEqual(await seen(office), ['second.example.com from 192.0.2.1'])
  const refused = await says(board, 'ipsec edit office local-id=other.example.com')
  t.like(refused, { ok: false, code: 'use-cannot-serve' })
  t.regex(JSON.stringify(refused), /not for the local identity other\.example\.com/)
  t.true((await office.pings()).received > 0)
})

tunnels('device.md 7: up to 10 named policies in an order; one is edited, moved and removed while it serves, and the others go on', async (t) => {
  const office = await tunnelOffice(t, { further: '10.77.3.1' })
  const { board, daemon, server } = office
  t.true((await request(board, 'first')).ok)
  const policy = (name: string, more = ''): string => `ipsec add ${name} 192.0.2.2 remote-id=gateway.example.com local=10.77.1.0/24 remote=10.77.3.0/24 ca="CA ${server.fingerprint.slice(0, 16)}" ${more}`
  for (let place = 2; place <= 10; place += 1) await does(t, board, policy(`p${place}`))
  t.like(await says(board, policy('p11')), { ok: false, code: 'policy-limit' })
  await does(t, board, 'ipsec enable p2')
  await does(t, board, 'keys assign first ipsec:p2')
  t.like(await does(t, board, 'ipsec status p2'), { state: 'serving', key: 'first' })
  t.is((await seen(office)).length, 2)

  const loop = office.pings(400)
  t.regex((await does(t, board, 'ipsec order p2 1'))['order'] ?? '', /^p2,office,p3/)
  t.like(await does(t, board, 'ipsec edit p2 lifetime=30'), { state: 'serving', lifetime: '30' })
  t.is((await seen(office)).length, 2)
  t.like(await does(t, board, 'ipsec edit p2 local=10.77.1.0/25'), { state: 'serving', local: '10.77.1.0/25' }, 'other networks alone move the tunnel too')
  await does(t, board, 'ipsec remove p2')
  const { sent, received } = await loop
  t.true(sent - received <= 5, 'the other policy\'s tunnel goes on')
  t.is((await seen(office)).length, 1)
  t.is((await daemon().swanctl('--list-conns')).filter((line) => line.startsWith('platen-')).length, 1)
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving', key: 'first' })
  await does(t, board, 'ipsec remove office')
  t.deepEqual(await seen(office), [])
  t.like(await says(board, 'keys delete first'), { ok: true })
})
