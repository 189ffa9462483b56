import { does, platform } from '../support/board-under-test.js'
import { request, tunnelOffice, tunnels, untilAnswered } from '../support/tunnel-office.js'

tunnels('device.md 7: a certificate from SCEP is put to IPSec: an IKE_SA stands by it, and pings go through the tunnel; a renewal loses none', async (t) => {
  const { board, gateway, pings } = await tunnelOffice(t)
  const first = await request(board, 'first')
  t.like(first, { ok: true, values: { status: 'Successful', enabled: 'true' } })
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving', key: 'first' })
  t.true((await pings()).received > 0)

  const count = 400
  const loop = pings(count)
  const from = platform.clock.monotonic()
  t.like(await request(board, 'second'), { ok: true, values: { status: 'Successful', enabled: 'true' } })
  const took = platform.clock.monotonic() - from
  const { sent, received, widest } = await loop
  t.log(`renewal under a ping every 10 ms: ${sent - received} of ${sent} lost, longest time without an answer ${widest.toFixed(0)} ms (+ 10 ms); request to probe ${took.toFixed(0)} ms`)
  t.true(sent - received <= 5, 'make before break')
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving', key: 'second' })
  t.is((await gateway.swanctl('--list-sas', '--raw')).filter((line) => line.startsWith('list-sa event')).length, 1)
})

tunnels('device.md 3: a policy that is off gets the certificate assigned and is not switched on', async (t) => {
  const { board, pings } = await tunnelOffice(t)
  await does(t, board, 'ipsec disable office')
  t.like(await request(board, 'first'), { ok: true, values: { status: 'Successful', enabled: 'false' } })
  t.like(await does(t, board, 'ipsec status office'), { state: 'off', key: 'first' })
  t.is((await pings(1)).received, 0)
  t.like(await does(t, board, 'ipsec enable office'), { state: 'serving' })
  t.true((await pings()).received > 0)
})

tunnels('device.md 7: a daemon that is dead refuses a new key; the old one serves again within 60 s of its return', async (t) => {
  const office = await tunnelOffice(t)
  const { board, daemon, restartDaemon, pings } = office
  await request(board, 'first')
  await daemon().close()
  const refused = await request(board, 'second')
  t.regex(JSON.stringify(refused) + (await board.command('log 50')).lines.join(' '), /the IPSec daemon does not answer/)
  t.like(await does(t, board, 'ipsec status office'), { state: 'failed', key: 'first' })
  await restartDaemon()
  const took = await untilAnswered(office, 60_000)
  t.log(`the old key serves again ${(took / 1000).toFixed(1)} s after the daemon is back`)
  t.true((await pings()).received > 0)
  t.like(await does(t, board, 'ipsec status office'), { state: 'serving', key: 'first' })
})
