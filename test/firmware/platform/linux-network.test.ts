import { once } from 'node:events'
import { createServer, connect as connectTcp, type AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import { milliseconds, seconds } from '../../../protocol/time.js'
import { LinuxClock, linuxNetwork, type HttpsListener, type PageRequest, type TlsCredentials } from '../../../firmware/platform/index.js'
import { fixtureKeys } from '../../support/fixture-keys.js'
import { defaultEntry } from '../../support/tls-entries.js'

const host = '127.0.0.1'
const clock = new LinuxClock()
const network = linuxNetwork(clock)
const credentials: TlsCredentials = { privateKey: fixtureKeys.three, chain: defaultEntry(fixtureKeys.three).chain }

async function listening(t: ExecutionContext): Promise<{ listener: HttpsListener; requests: PageRequest[] }> {
  const requests: PageRequest[] = []
  const listener = await network.listenHttps({
    address: host, port: 0, credentials,
    answer: (request) => {
      requests.push(request)
      if (request.path === '/broken') throw new Error('a secret path: /var/lib/platen')
      return { status: 200, headers: { 'x-mark': 'yes' }, body: 'grün' }
    },
  })
  t.teardown(() => listener.close())
  return { listener, requests }
}

/** Sends the bytes on a TLS connection of its own; resolves with all that came until the server ended it. */
async function exchange(port: number, text: string, version?: 'TLSv1.1'): Promise<string> {
  const socket = connect({ host, port, rejectUnauthorized: false, ...(version === undefined ? {} : { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' }) })
  socket.write(text)
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  await once(socket, 'close')
  return Buffer.concat(parts).toString('utf8')
}

test('a page is answered with its length; HEAD gets the same without the body; a query is not part of the path', async (t) => {
  const { listener, requests } = await listening(t)
  const get = await exchange(listener.port, 'GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  t.true(get.startsWith('HTTP/1.1 200'))
  t.regex(get, /x-mark: yes\r\ncontent-length: 5\r\n/)
  t.true(get.endsWith('\r\n\r\ngrün'))
  const head = await exchange(listener.port, 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  t.regex(head, /content-length: 5\r\n/)
  t.true(head.endsWith('\r\n\r\n'))
  t.deepEqual(requests, [{ method: 'GET', path: '/a' }, { method: 'HEAD', path: '/' }])
})

test('a page that fails tells the client nothing', async (t) => {
  const { listener } = await listening(t)
  const answer = await exchange(listener.port, 'GET /broken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  t.true(answer.startsWith('HTTP/1.1 500'))
  t.false(answer.includes('secret'))
})

test('a body is refused unread, and so are headers over 8 KiB', async (t) => {
  const { listener, requests } = await listening(t)
  t.true((await exchange(listener.port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc')).startsWith('HTTP/1.1 413'))
  t.true((await exchange(listener.port, `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(9000)}\r\n\r\n`)).startsWith('HTTP/1.1 431'))
  t.deepEqual(requests, [])
})

test('TLS 1.1 is refused', async (t) => {
  const { listener } = await listening(t)
  await t.throwsAsync(exchange(listener.port, '', 'TLSv1.1'), { message: /alert|version|protocol/i })
})

test('a port in use is told with what to do', async (t) => {
  const { listener } = await listening(t)
  const error = await t.throwsAsync(network.listenHttps({ address: host, port: listener.port, credentials, answer: () => ({ status: 200, body: '' }) }), { instanceOf: PlatenError })
  t.is(error.code, 'listen-failed')
  t.is(error.message, `cannot serve HTTPS on ${host} port ${listener.port}: the port is in use by another program`)
  t.not(error.fix, '')
})

test('an address that this machine does not have is told as such', async (t) => {
  const error = await t.throwsAsync(network.listenHttps({ address: '192.0.2.1', port: 0, credentials, answer: () => ({ status: 200, body: '' }) }), { instanceOf: PlatenError })
  t.is(error.code, 'listen-failed')
  t.regex(error.message, /does not have that address/)
})

test('a key that does not match its certificate is refused, and what served before still serves', async (t) => {
  const { listener } = await listening(t)
  const error = t.throws(() => listener.setCredentials({ privateKey: fixtureKeys.four, chain: credentials.chain }), { instanceOf: PlatenError })
  t.is(error.code, 'use-cannot-serve')
  t.is((await network.handshake({ host, port: listener.port, timeout: seconds(5) })).length, 1)
})

test('close ends what is open, also a connection that never began its handshake', async (t) => {
  const { listener } = await listening(t)
  const silent = connectTcp(listener.port, host)
  await once(silent, 'connect')
  await network.handshake({ host, port: listener.port, timeout: seconds(5) })
  const closed = once(silent, 'close')
  await listener.close()
  silent.on('error', () => undefined)
  await closed
  t.pass()
})

test('a handshake with a silent peer, a plain one and nobody ends with our errors and leaves no timer', async (t) => {
  const silent = createServer(() => undefined)
  const plain = createServer((socket) => socket.on('error', () => undefined).end('220 hello\r\n'))
  for (const server of [silent, plain]) {
    server.listen(0, host)
    await once(server, 'listening')
    t.teardown(() => server.close())
  }
  const port = (server: typeof silent): number => (server.address() as AddressInfo).port
  const fails = async (at: number): Promise<string> => (await t.throwsAsync(network.handshake({ host, port: at, timeout: milliseconds(100) }), { instanceOf: PlatenError })).code
  t.is(await fails(port(silent)), 'timed-out')
  t.is(await fails(port(plain)), 'connect-failed')
  const free = createServer().listen(0, host)
  await once(free, 'listening')
  const nobody = port(free)
  free.close()
  t.is(await fails(nobody), 'connect-failed')
  t.deepEqual(clock.timers(), [])
})

test('a client that asks by address is noticed, one that sends a name and one of this machine are not', async (t) => {
  const { listener } = await listening(t)
  const ask = async (localAddress: string, servername?: string): Promise<void> => {
    const socket = connect({ socket: connectTcp({ host, port: listener.port, localAddress }), rejectUnauthorized: false, ...(servername === undefined ? {} : { servername }) })
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    socket.resume()
    await once(socket, 'close')
  }
  await ask('127.0.0.2', 'printer.example')
  await ask(host)
  t.deepEqual(listener.addressesUsed(), [])
  await ask('127.0.0.2')
  t.deepEqual(listener.addressesUsed(), [host])
})

test('a name leads to its addresses, and one that nobody knows to none; no timer is left', async (t) => {
  t.true((await network.lookup('localhost', seconds(5))).some((address) => address === '127.0.0.1' || address === '::1'))
  t.deepEqual(await network.lookup('no-such-host.invalid', seconds(5)), [])
  t.false(clock.timers().some(({ name }) => name.startsWith('look up')))
})

test('the addresses are this machine\'s own, without loopback', (t) => {
  t.false(network.addresses().some((address) => address.startsWith('127.') || address === '::1'))
})
