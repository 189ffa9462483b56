import test from 'ava'
import { degenerate, readCertificate } from '../../../protocol/scep/index.js'
import { days } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/virtual-clock.js'
import { linuxPlatform } from '../../../rig/platform/index.js'
import { Authority, checkScript, startScepServer } from '../../../rig/scep-server/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { bench, enrolAt, specification } from '../../support/issuance-bench.js'
import { fixturePlatform, rigServer } from '../../support/rig-server.js'

const announced = { faults: ['ca-rollover'] }
/** The store takes no key twice. */
const boardKeys = [fixtureKeys.three, fixtureKeys.two, fixtureKeys.one]
const issuing = { faults: [{ fault: 'ca-rollover', issuer: 'next' }] }

test('C-20: a CA that names its follower is asked once; from then on certificates of either are taken', async (t) => {
  const { server } = await rigServer(t, { script: announced })
  const board = await bench(t, { keys: boardKeys })
  await enrolAt(board, server)
  t.is((await board.issuance.request(specification)).status, 'Successful')
  t.regex(board.logged.join('\n'), /the CA says who will follow it: CN=Platen Rig CA next/)
  server.setScript(checkScript(issuing))
  t.is((await board.issuance.request({ ...specification, keyName: 'second' })).status, 'Successful')
  t.is(readCertificate(board.store.find('second')!.chain[0]!).issuer, 'CN=Platen Rig CA next')
  server.setScript(checkScript({ faults: [] }))
  t.is((await board.issuance.request({ ...specification, keyName: 'third' })).status, 'Successful')
  t.is(server.transcript.records.filter(({ operation }) => operation === 'GetNextCACert').length, 1)
})

test('C-20: a follower that the pinned CA did not name is not trusted', async (t) => {
  const { server } = await rigServer(t, { script: { faults: [{ fault: 'http-status', status: 500, operation: 'GetNextCACert' }, { fault: 'ca-rollover', issuer: 'next' }] } })
  const board = await bench(t, { keys: boardKeys })
  await enrolAt(board, server)
  const entry = await board.issuance.request(specification)
  t.deepEqual([entry.status, entry.code], ['Error', 'chain-not-trusted'])
  t.regex(board.logged.join('\n'), /who will follow the CA is not known/)
})

test('C-20: an answer to GetNextCACert that another key signed is refused, and the request goes on', async (t) => {
  const [right, wrong] = [await rigServer(t, { script: announced }), await rigServer(t, { platform: { ...fixturePlatform(), keys: { rsa: () => Promise.resolve(fixtureKeys.four) } }, script: announced })]
  const board = await bench(t, { keys: boardKeys })
  await enrolAt(board, right.server)
  board.http.before = async (request) => (request.url.search.includes('GetNextCACert')
    ? { status: 200, headers: {}, body: Uint8Array.from((await wrong.client.call('GetNextCACert')).body) }
    : undefined)
  t.is((await board.issuance.request(specification)).status, 'Successful')
  t.is(board.settings.nextCa(right.server.fingerprint), undefined)
  t.regex(board.logged.join('\n'), /not made by the expected key/)
})

test('C-20: once the old CA is gone the one that it named serves alone, after a restart too', async (t) => {
  const { server } = await rigServer(t, { script: announced })
  const board = await bench(t, { keys: boardKeys })
  await enrolAt(board, server)
  t.is((await board.issuance.request(specification)).status, 'Successful')
  const next = await server.authority.relatives.next()
  const keys = linuxPlatform()
  const authority = Authority.from({ ca: next, signing: next, encryption: next }, { clock: keys.clock, random: keys.random, keys: keys.keys })
  const follower = await startScepServer({ platform: fixturePlatform(), authority })
  t.teardown(() => follower.close())
  await board.settings.update({ port: follower.port })
  await board.close()
  const restarted = await bench(t, { image: board.disk.image(), keys: [fixtureKeys.one] })
  t.is((await restarted.issuance.fetchAuthority()).pin, 'pinned')
  t.is((await restarted.issuance.request({ ...specification, keyName: 'second' })).status, 'Successful')
  t.is(readCertificate(restarted.store.find('second')!.chain[0]!).issuer, 'CN=Platen Rig CA next')
})

test('C-20: an old CA that has ended is trusted no more, although the board still has its fingerprint', async (t) => {
  const { server } = await rigServer(t, { script: announced })
  const board = await bench(t, { keys: boardKeys })
  await enrolAt(board, server)
  t.is((await board.issuance.request(specification)).status, 'Successful')
  board.clock.setWall(board.clock.wall() + days(4000))
  t.is((await board.issuance.request({ ...specification, keyName: 'late' })).code, 'certificate-not-valid-now')
})

test('C-20: while a server shows both CAs, the follower is trusted alone once the old one has ended', async (t) => {
  const clock = new VirtualClock(Date.now() - days(30))
  const { server } = await rigServer(t, { script: announced, platform: { ...fixturePlatform(), clock } })
  clock.setWall(Date.now()) // the follower is made later, and ends later
  const board = await bench(t, { keys: boardKeys })
  await enrolAt(board, server)
  t.is((await board.issuance.request(specification)).status, 'Successful')
  const old = server.authority.ca
  const next = await server.authority.relatives.next()
  const keys = linuxPlatform()
  const authority = Authority.from({ ca: next, signing: next, encryption: next }, { clock: board.clock, random: keys.random, keys: keys.keys })
  const follower = await startScepServer({ platform: { ...fixturePlatform(), clock: board.clock }, authority })
  t.teardown(() => follower.close())
  const both = degenerate([old.der, authority.ca.der])
  board.http.after = (request, response) => (request.url.search.includes('GetCACert') ? { ...response, body: Uint8Array.from(both) } : response)
  await board.settings.update({ port: follower.port })
  // Between the two ends: the old CA is over, its follower is not.
  t.true(authority.ca.notAfter > old.notAfter)
  board.clock.setWall((old.notAfter + authority.ca.notAfter) / 2)
  const entry = await board.issuance.request({ ...specification, keyName: 'second' })
  t.deepEqual([entry.status, entry.details], ['Successful', entry.details])
  t.is(readCertificate(board.store.find('second')!.chain[0]!).issuer, 'CN=Platen Rig CA next')
})
