import { X509Certificate } from 'node:crypto'
import test from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import { readCertificate, verifyChain } from '../../../protocol/scep/index.js'
import { bench, enrolAt, keysIn, specification } from '../../support/issuance-bench.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { fixturePlatform, rigServer } from '../../support/rig-server.js'

test('one request ends with the certificate in the store, assigned and put to its use, and a row that says so', async (t) => {
  const { server } = await rigServer(t, { challenge: { mode: 'static', password: 'open sesame' } })
  const board = await bench(t)
  await enrolAt(board, server)
  const phases: string[] = []
  const entry = await board.issuance.request({ ...specification, organization: 'Example', use: 'tls' }, { challenge: 'open sesame', progress: ({ text }) => phases.push(text) })
  t.is(entry.status, 'Successful', entry.details)
  t.is(entry.extra.enabled, true)
  t.regex(entry.details, /^Issued \d{4}-\d\d-\d\dT/)
  const key = board.store.find('office')
  t.deepEqual(key?.uses, ['tls'])
  t.deepEqual(board.uses.put, [{ use: 'tls', id: key!.id }])
  t.true(new X509Certificate(key!.chain[0]!).checkPrivateKey(board.store.privateKey(key!.id)))
  t.is(readCertificate(key!.chain[0]!).subject, 'CN=printer.example.com,O=Example')
  t.deepEqual(phases, ['Taking a place in the key store …', 'Checking the server\'s certificate …', 'Making a 2048-bit key …', 'Keeping the key …', 'Writing the request down …',
    'Sending the request …', 'Storing the certificate …', 'Putting the certificate to its use …'])
  t.deepEqual(board.clock.timers(), [])
})

test('device.md 3: the challenge is found nowhere: not on the disk, not in the log, not in the status', async (t) => {
  const { server } = await rigServer(t, { challenge: { mode: 'static', password: 'open sesame' } })
  const board = await bench(t)
  await enrolAt(board, server)
  await board.issuance.request(specification, { challenge: 'open sesame' })
  await board.issuance.request({ ...specification, keyName: 'again' }, { challenge: 'wrong sesame' })
  const everything = JSON.stringify([board.logged, board.issuance.history()]) + board.disk.operations
    .flatMap(({ effects }) => effects.flatMap((effect) => (effect.kind === 'content' ? [Buffer.from(effect.bytes).toString('latin1')] : [])))
    .flatMap((text) => [text, ...(text.match(/[A-Za-z0-9+/]{20,}={0,2}/g) ?? []).map((base64) => Buffer.from(base64, 'base64').toString('latin1'))]).join('\n')
  t.true(everything.includes('office'))
  t.notRegex(everything, /sesame/)
})

test('device.md 3: an IP address in the common name is also an iPAddress, a name also a dNSName', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t, { keys: [fixtureKeys.three, fixtureKeys.two] })
  await enrolAt(board, server)
  await board.issuance.request({ ...specification, commonName: '192.0.2.10', dnsNames: ['printer.example.com'], ipAddresses: ['2001:db8::1', '192.0.2.10'] })
  const leaf = readCertificate(board.store.find('office')!.chain[0]!)
  t.deepEqual([...leaf.ipAddresses], ['192.0.2.10', '2001:db8::1'])
  t.deepEqual([...leaf.dnsNames], ['printer.example.com'])
  await board.issuance.request({ ...specification, keyName: 'two', dnsNames: ['PRINTER.example.com', 'alias'] })
  t.deepEqual([...readCertificate(board.store.find('two')!.chain[0]!).dnsNames].map((name) => name.toLowerCase()), ['printer.example.com', 'alias'])
})

test('device.md 3: a use that is off gets the certificate assigned and is not switched on', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  board.uses.enabled = false
  const entry = await board.issuance.request({ ...specification, use: 'ieee-802-1x' })
  t.is(entry.status, 'Successful')
  t.is(entry.extra.enabled, false)
  t.regex(entry.extra.next ?? '', /IEEE 802\.1X, which is off/)
  t.deepEqual(board.store.find('office')?.uses, ['ieee-802-1x'])
})

test('a use that fails its probe is an error of its own; the certificate stays in the store', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  board.uses.fail = new PlatenError('probe-failed', 'the handshake showed another certificate')
  const entry = await board.issuance.request({ ...specification, use: 'tls' })
  t.deepEqual([entry.status, entry.code, entry.details], ['Error', 'probe-failed', 'Key Use Error (Probe Failed)'])
  t.not(entry.issuedAt, undefined)
  t.deepEqual(keysIn(board), ['office ready'])
})

for (const ra of ['none', 'one', 'two'] as const) {
  test(`C-5: the roles of a server with RA form "${ra}" are found without a setting, and the chain leads to the pin`, async (t) => {
    const { server } = await rigServer(t, { authority: { ra } })
    const board = await bench(t, { keys: [fixtureKeys.three] })
    await enrolAt(board, server)
    const entry = await board.issuance.request(specification)
    t.is(entry.status, 'Successful', `${entry.details} ${entry.code ?? ''}`)
    const chain = board.store.find('office')!.chain.map(readCertificate)
    t.is(chain.length, 1, 'the self-signed top is not sent to peers')
    t.notThrows(() => verifyChain(chain[0]!, [], server.authority.ca, { at: board.clock.wall() }))
  })
}

test('device.md 3: with a full store nothing is generated and nothing is sent, and the row says why', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t, { maxKeys: 1 })
  await enrolAt(board, server)
  const before = server.transcript.records.length
  const entry = await board.issuance.request(specification)
  t.deepEqual([entry.status, entry.code, entry.details], ['Error', 'store-full', 'Key and Certificate Registration Limit Error'])
  t.is(board.made.keys, 0)
  t.is(server.transcript.records.length, before)
})

test('one request at a time: another is told busy and changes nothing', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  const first = board.issuance.request(specification)
  await t.throwsAsync(board.issuance.request({ ...specification, keyName: 'second' }), { code: 'busy' })
  await t.throwsAsync(board.issuance.poll(), { code: 'busy' })
  t.is((await first).status, 'Successful')
  t.is(board.issuance.history().length, 1)
})

test('device.md 5: the last 20 requests are kept, newest first, over a restart', async (t) => {
  const platform = fixturePlatform()
  const { server } = await rigServer(t, { platform, script: { faults: [{ fault: 'http-status', status: 503 }] } })
  const board = await bench(t)
  await enrolAt(board, server)
  for (let number = 1; number <= 21; number += 1) await board.issuance.request({ ...specification, keyName: `key ${number}` })
  const names = board.issuance.history().map(({ keyName }) => keyName)
  t.is(names.length, 20)
  t.deepEqual([names[0], names[19]], ['key 21', 'key 2'])
  await board.close()
  const again = await bench(t, { image: board.disk.image() })
  t.deepEqual(again.issuance.history(), board.issuance.history())
})
