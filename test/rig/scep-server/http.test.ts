import { connect } from 'node:net'
import test from 'ava'
import { decodeOperation, limits, mediaTypes, readCaCertificates, readCapabilities, readPkiMessage } from '../../../protocol/scep/index.js'
import { LinuxClock } from '../../../firmware/platform/index.js'
import { fixturePlatform, rigServer } from '../../support/rig-server.js'
import { broken, rawExchange, type RawScepClient } from '../../support/raw-scep-client.js'
import type { Clock } from '../../../protocol/time.js'

/** A PKCSReq whose base64 has the characters that get lost on the way. */
function awkward(client: RawScepClient): string {
  for (;;) {
    const text = Buffer.from(client.build().bytes).toString('base64')
    if (text.includes('+') && text.includes('/')) return text
  }
}

const escaped = (text: string): string => encodeURIComponent(text)

const queries: Readonly<Record<string, (base64: string) => string>> = {
  'escaped as the standard says': escaped,
  'with its plus signs turned into spaces': (text) => escaped(text.replaceAll('+', ' ')),
  'with plus signs and slashes not escaped': (text) => text,
  'in base64url without padding': (text) => text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
  'wrapped into lines': (text) => escaped(text.replace(/(.{64})/g, '$1\r\n')),
}

for (const [how, write] of Object.entries(queries)) {
  test(`S-1: a message by GET is read ${how}`, async (t) => {
    const { server, client } = await rigServer(t)
    const { status, body } = await rawExchange(`${server.url}?operation=PKIOperation&message=${write(awkward(client))}`)
    t.is(status, 200)
    t.is(readPkiMessage(body).status, 'SUCCESS')
  })
}

test('S-1: a plus at the very end of a message that came as a space is not lost, and a stray space is', (t) => {
  const read = (query: string): string => Buffer.from(decodeOperation('GET', `/?operation=PKIOperation&message=${query}`).message).toString('hex')
  t.is(read('MBAAAAA%20'), '30100000003e')
  t.is(read('%20MBAAAAA+%20'), '30100000003e')
})

test('S-1: a message by POST is read without a Content-Type, and with a wrong one', async (t) => {
  const { server, client } = await rigServer(t)
  for (const headers of [{}, { 'content-type': 'text/html' }] as Record<string, string>[]) {
    const { body } = await rawExchange(`${server.url}?operation=PKIOperation`, { method: 'POST', headers, body: client.build().bytes })
    t.is(readPkiMessage(body).status, 'SUCCESS')
  }
})

test('S-1: every operation is answered by GET and by POST, with its media type, whatever the path', async (t) => {
  const { server, client } = await rigServer(t, { authority: { ra: 'two' } })
  const root = `http://127.0.0.1:${server.port}`
  for (const method of ['GET', 'POST']) {
    for (const path of ['/', '/cgi-bin/pkiclient.exe', '/certsrv/mscep/mscep.dll']) {
      const caps = await rawExchange(`${root}${path}?operation=GetCACaps`, { method })
      t.is(caps.headers['content-type'], 'text/plain')
      t.true(readCapabilities(caps.body).standard && readCapabilities(caps.body).renewal)
      const ca = await rawExchange(`${root}${path}?operation=GetCACert&message=any`, { method })
      t.is(ca.headers['content-type'], mediaTypes.caChain)
      t.is(readCaCertificates(ca.body).length, 3)
    }
  }
  const reply = await client.call('PKIOperation', client.build().bytes)
  t.is(reply.headers['content-type'], mediaTypes.message)
})

test('a CA without RA is one certificate in DER', async (t) => {
  const { server, client } = await rigServer(t)
  const { headers, body } = await client.call('GetCACert')
  t.is(headers['content-type'], mediaTypes.caCertificate)
  t.deepEqual(Buffer.from(body), Buffer.from(server.authority.ca.der))
})

test('what is no SCEP gets a plain HTTP error and leaves a line in the transcript', async (t) => {
  const { server } = await rigServer(t)
  const before = server.transcript.records.length
  t.is((await rawExchange(server.url)).status, 400)
  t.is((await rawExchange(`${server.url}?operation=Shutdown`)).status, 400)
  t.is((await rawExchange(`${server.url}?operation=PKIOperation&message=%zz`)).status, 400)
  t.is((await rawExchange(`${server.url}?operation=PKIOperation`, { method: 'POST', body: new Uint8Array(100) })).status, 400)
  t.is((await rawExchange(`${server.url}?operation=GetCACert`, { method: 'DELETE' })).status, 405)
  t.is((await rawExchange(`${server.url}?operation=PKIOperation`, { method: 'POST', body: new Uint8Array(limits.messageBytes + 1) })).status, 413)
  t.deepEqual(server.transcript.records.slice(before).map(({ httpStatus }) => httpStatus), [400, 400, 400, 400, 405, 413])
})

test('S-6: first byte, headers, full body and answer are stamped in that order, each when it happens', async (t) => {
  let now = 0
  const waiting: { at: number; resolve: () => void }[] = []
  const real = fixturePlatform()
  /** Each reading is one later than the one before, and tells who waits for it. */
  const clock: Clock = {
    ...real.clock, wall: () => real.clock.wall(), state: () => 'synced', after: (...all) => real.clock.after(...all), timers: () => real.clock.timers(),
    monotonic: () => {
      now += 1
      waiting.filter(({ at }) => at <= now).forEach(({ resolve }) => resolve())
      return now
    },
  }
  const { server, client } = await rigServer(t, { platform: { ...real, clock } })
  const { bytes } = client.build()
  const start = now
  const reading = (count: number): Promise<void> => new Promise((resolve) => waiting.push({ at: start + count, resolve }))
  const record = new Promise((resolve) => server.transcript.subscribe(({ at }) => resolve(at)))
  const socket = connect(server.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('POST /?operation=PKIO')
  await reading(1)
  socket.write(`peration HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes.length}\r\n\r\n`)
  await reading(2)
  socket.write(bytes)
  await reading(3)
  const { firstByte, headers, body, sent } = await record as Record<string, number>
  t.deepEqual([firstByte, headers, body], [start + 1, start + 2, start + 3])
  t.true(sent! > body!)
})

test('S-6: on a connection that is kept, each exchange has its own first byte', async (t) => {
  const { server } = await rigServer(t)
  const socket = connect(server.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  for (const count of [2, 3]) {
    const ended = new Promise<void>((resolve) => server.transcript.subscribe(() => resolve()))
    socket.write('GET /?operation=GetCACaps HTTP/1.1\r\nHost: x\r\n\r\n')
    await ended
    t.is(server.transcript.records.length, count)
  }
  const [first, second] = server.transcript.records.slice(1)
  t.is(first!.peer, second!.peer)
  t.true(second!.at.firstByte > first!.at.sent!)
})

test('closing ends connections that are open and exchanges that wait, and leaves no timer', async (t) => {
  const clock = new LinuxClock()
  const delayed = new Promise<void>((resolve) => {
    const after = clock.after.bind(clock)
    clock.after = (...all) => {
      resolve()
      return after(...all)
    }
  })
  const { server, client } = await rigServer(t, { platform: { ...fixturePlatform(), clock }, script: { faults: [{ fault: 'delay', seconds: 3000 }] } })
  const idle = connect(server.port, '127.0.0.1')
  const idleClosed = new Promise((resolve) => idle.on('close', resolve).on('error', () => undefined))
  await new Promise((resolve) => idle.on('connect', resolve))
  const waiting = client.call('GetCACaps').then(() => 'answered', () => 'cut off')
  await delayed
  t.is(clock.timers().length, 1)
  await server.close()
  await idleClosed
  t.is(await waiting, 'cut off')
  t.deepEqual(clock.timers(), [])
  t.is(await broken(rawExchange(server.url)), 'ECONNREFUSED')
})

test('a port that is taken is a clear error', async (t) => {
  const { server } = await rigServer(t)
  const error = await t.throwsAsync(rigServer(t, { port: server.port }))
  t.like(error, { code: 'listen-failed' })
  t.regex(error.message, /127\.0\.0\.1:\d+: the port is in use/)
})
