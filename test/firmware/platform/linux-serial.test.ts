import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import { linuxSerial } from '../../../firmware/platform/index.js'

for (const kind of ['unix', 'tcp'] as const) {
  test(`a serial line over a ${kind} socket carries bytes both ways`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'platen-serial-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const server = createServer((socket) => void socket.on('error', () => undefined).pipe(socket))
    server.listen(kind === 'unix' ? { path: join(folder, 'line') } : { port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    t.teardown(() => server.close())
    const line = await linuxSerial.open(kind === 'unix' ? `unix:${join(folder, 'line')}` : `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, 115_200)
    line.write(Buffer.of(0, 13, 255))
    const [echo] = await once(line, 'data') as [Buffer]
    t.deepEqual([...echo], [0, 13, 255])
    line.destroy()
  })
}

test('the line ends when the other side hangs up', async (t) => {
  const server = createServer((socket: Socket) => socket.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const line = await linuxSerial.open(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, 115_200)
  line.resume()
  await once(line, 'close')
  t.pass()
})

for (const [path, problem] of [['/dev/no-such-line', /no such device/], ['unix:/no/such/socket', /no such device or socket/], ['tcp://127.0.0.1:1', /nobody listens/]] as const) {
  test(`${path} that cannot be opened says why and what to do`, async (t) => {
    const error = await t.throwsAsync(linuxSerial.open(path, 115_200), { instanceOf: PlatenError })
    t.is(error.code, 'connect-failed')
    t.regex(error.message, problem)
    t.not(error.fix, '')
  })
}
