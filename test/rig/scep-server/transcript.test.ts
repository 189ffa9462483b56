import test from 'ava'
import { displayExchange, Transcript, type ExchangeRecord } from '../../../rig/scep-server/index.js'
import { rigServer } from '../../support/rig-server.js'

test('S-6: each exchange says operation, message type, transaction, status, fault and sizes', async (t) => {
  const { server, client } = await rigServer(t, { script: { faults: [{ fault: 'fail', info: 'badTime', operation: 'PKIOperation' }] } })
  const sent = client.build()
  await client.send(sent)
  const record = server.transcript.records.at(-1)!
  t.like(record, { sequence: 2, method: 'POST', operation: 'PKIOperation', messageType: 'PKCSReq', transactionId: sent.transactionId, status: 'FAILURE', failInfo: 'badTime', httpStatus: 200, faults: ['fail'], requestBytes: sent.bytes.length })
  const { firstByte, headers, body, sent: answered } = record.at
  t.true(firstByte <= headers && headers <= body && body <= answered!)
  t.regex(record.peer, /^127\.0\.0\.1:\d+$/)
})

test('S-6: neither a challenge nor a key is in the transcript or in its line for people', async (t) => {
  const lines: string[] = []
  const { server, client } = await rigServer(t, {
    challenge: { mode: 'static', password: 'Geheim-4711' }, onExchange: (record) => lines.push(JSON.stringify(record), displayExchange(record)),
  })
  await client.request({ challenge: 'Geheim-4711' })
  await client.request({ challenge: 'Verraten-0815' })
  t.is(lines.length, 2 * server.transcript.records.length)
  t.notRegex(lines.join('\n'), /Geheim|Verraten|PRIVATE/)
  t.true(lines.some((line) => line.includes('the challenge is wrong')))
})

test('a subscription tells of each exchange once, in order, until it is ended', (t) => {
  const transcript = new Transcript()
  const seen: number[] = []
  const end = transcript.subscribe(({ sequence }) => seen.push(sequence))
  const record: Omit<ExchangeRecord, 'sequence'> = { at: { firstByte: 1, headers: 2, body: 3 }, peer: 'x', method: 'GET', operation: 'GetCACaps', faults: [], requestBytes: 0, answerBytes: 0 }
  transcript.add(record)
  transcript.add(record)
  end()
  transcript.add(record)
  t.deepEqual(seen, [1, 2])
})

test('the transcript keeps the newest 10,000 exchanges and goes on counting', (t) => {
  const transcript = new Transcript()
  for (let count = 0; count < 10_050; count += 1) transcript.add({ at: { firstByte: 1, headers: 2, body: 3 }, peer: 'x', method: 'GET', operation: '?', faults: [], requestBytes: 0, answerBytes: 0 })
  t.is(transcript.records.length, 10_000)
  t.deepEqual([transcript.records[0]!.sequence, transcript.records.at(-1)!.sequence], [51, 10_050])
})

test('the line for a person says what happened and why', (t) => {
  const record: ExchangeRecord = {
    sequence: 7, at: { firstByte: 100, headers: 101, body: 102, sent: 112.25 }, peer: '127.0.0.1:5000', method: 'POST', operation: 'PKIOperation', messageType: 'PKCSReq',
    httpStatus: 200, status: 'FAILURE', failInfo: 'badRequest', reason: 'the challenge is wrong', faults: ['delay'], requestBytes: 10, answerBytes: 10,
  }
  t.is(displayExchange(record), '#7 127.0.0.1:5000 PKIOperation PKCSReq → FAILURE badRequest (the challenge is wrong) [12.3 ms; fault delay]')
  t.regex(displayExchange({ ...record, at: { firstByte: 100, headers: 101, body: 102 } }), /client left/)
})
