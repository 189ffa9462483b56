import test from 'ava'
import { linuxPlatform } from '../../../rig/platform/index.js'
import { startScepRelay, type ExchangeRecord } from '../../../rig/scep-server/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { RawScepClient } from '../../support/raw-scep-client.js'
import { rigServer } from '../../support/rig-server.js'

const platform = linuxPlatform()

test('S-6: a relay passes a server of others on unchanged, and writes its transcript by the clock of the rig, with no secret', async (t) => {
  const { server } = await rigServer(t, { challenge: { mode: 'static', password: 'Geheim-4711' } })
  const seen: ExchangeRecord[] = []
  const relay = await startScepRelay({ platform, upstream: server.url, onExchange: (record) => seen.push(record) })
  t.teardown(() => relay.close())
  const client = await RawScepClient.open(relay.url, fixtureKeys.four)
  const good = await client.request({ challenge: 'Geheim-4711' })
  const bad = await client.request({ challenge: 'Verraten-0815' })
  t.deepEqual([good.status, bad.status], ['SUCCESS', 'FAILURE'])
  t.like(seen.at(-2), { operation: 'PKIOperation', messageType: 'PKCSReq', status: 'SUCCESS', httpStatus: 200, faults: [] })
  t.like(seen.at(-1), { status: 'FAILURE', failInfo: 'badRequest' })
  t.deepEqual(seen.map(({ operation, transactionId }) => [operation, transactionId]), server.transcript.records.slice(1).map(({ operation, transactionId }) => [operation, transactionId]))
  // The relay has the first byte before the server behind it, and gives the last one after it.
  for (const [index, { at }] of seen.entries()) {
    const behind = server.transcript.records[index + 1]!.at
    t.true(at.firstByte <= behind.firstByte && (at.sent ?? 0) >= (behind.sent ?? 0))
  }
  t.notRegex(JSON.stringify(seen), /Geheim|Verraten|PRIVATE/u)
})

test('a relay whose server is away closes the connection, and says why in its transcript', async (t) => {
  const port = await platform.network.freeTcpPort()
  const relay = await startScepRelay({ platform, upstream: `http://127.0.0.1:${port}/scep` })
  t.teardown(() => relay.close())
  await t.throwsAsync(RawScepClient.open(relay.url, fixtureKeys.four))
  t.regex(relay.transcript.records[0]?.reason ?? '', /the server behind the relay: /u)
  t.is(relay.transcript.records[0]?.httpStatus, undefined)
})
