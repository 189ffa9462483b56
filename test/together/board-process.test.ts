import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { get } from 'node:https'
import { join } from 'node:path'
import test from 'ava'
import { BoardRig } from '../support/board-rig.js'

const stack = /^\s+at .*:\d+/m

test.serial('the board boots to its banner and prompt, serves HTTPS, and stops cleanly on SIGTERM with exit code 0', async (t) => {
  const rig = await BoardRig.make(t)
  const banner = await rig.boot()
  t.regex(banner, /Platen \d+\.\d+\.\d+/)
  t.regex(banner, /first boot/)
  await rig.output.wait(/the board is ready/)
  const health = JSON.parse(await page(rig.port(), '/healthz')) as { ok: boolean; bootId: string }
  t.true(health.ok)
  t.true(banner.includes(health.bootId))
  t.is(await rig.stop(), 0)
  t.true(rig.serial.text.includes('The board stops.'))
  t.regex(await rig.boot(), /clean stop/)
})

test.serial('device.md 8: a restart from the console is written down, happens at once, and is the reason at the next boot', async (t) => {
  const rig = await BoardRig.make(t)
  await rig.boot()
  await rig.signInFirst()
  const from = rig.serial.text.length
  rig.type('restart new certificate\r')
  await rig.serial.wait(/= ok/, from)
  await rig.serial.wait(/Boot [0-9a-f]+\.[^]*login: $/, from)
  t.regex(rig.serial.text.slice(from).replace(/\s+/g, ' '), /restart asked for by administrator: new certificate/)
  t.false(rig.serial.text.slice(from).includes('no password yet'))
})

test.serial('an order to stop while a server keeps the board waiting ends it cleanly within five seconds', async (t) => {
  const rig = await BoardRig.make(t)
  let heard!: () => void
  const asked = new Promise<void>((resolve) => (heard = resolve))
  const silent = createServer((socket) => void socket.on('error', () => undefined).on('data', heard)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  await rig.boot()
  await rig.signInFirst()
  await rig.command(`comm set url=http://127.0.0.1/scep port=${(silent.address() as AddressInfo).port} timeout=600`)
  rig.type('ca fetch\r')
  await asked
  const from = performance.now()
  t.is(await rig.stop(), 0)
  t.true(performance.now() - from < 5000)
})

test.serial('device.md 8: a board killed from outside is started again, and says so', async (t) => {
  const rig = await BoardRig.make(t)
  await rig.boot()
  const from = rig.serial.text.length
  process.kill(rig.child(), 'SIGKILL')
  t.regex(await rig.prompt(from), /crash: signal SIGKILL/)
  t.regex(rig.output.text, /platen: the board ended: signal SIGKILL; starting it again now/)
  t.is(await rig.stop(), 0)
})

test.serial('without its parent a board stops, so that the next one finds the data directory free', async (t) => {
  const rig = await BoardRig.make(t)
  await rig.boot()
  const child = rig.child()
  const from = rig.serial.text.length
  process.kill(rig.pid, 'SIGKILL')
  await rig.ended()
  await rig.serial.wait(/The board stops\./, from)
  while (existsSync(`/proc/${child}`)) await new Promise(setImmediate)
  t.regex(await rig.boot(), /clean stop/)
})

test.serial('an order to stop during the start is kept until the board can stop', async (t) => {
  const rig = await BoardRig.make(t)
  rig.start()
  await rig.output.wait(/ starts /)
  t.is(await rig.stop(), 0)
})

test.serial('a second board on the same data directory is refused with a clear line, and the first goes on', async (t) => {
  const rig = await BoardRig.make(t)
  await rig.boot()
  const other = await BoardRig.make(t)
  other.configure({ data: rig.data })
  const { code, said } = await other.refused()
  t.is(code, 1)
  t.regex(said, /^platen: .*\/data is in use by another process\. .+\n$/)
  await page(rig.port(), '/healthz')
})

test.serial('what a person set up wrongly is one line with what to do, and the exit code 1', async (t) => {
  const rig = await BoardRig.make(t)
  writeFileSync(join(rig.folder, 'file'), '')
  const wrong = [
    [{ data: join(rig.folder, 'file') }, /the data directory .* is a file\. /],
    [{ data: join(rig.folder, 'file/data') }, /ENOTDIR\. Correct the path/],
    [{ data: join(rig.folder, 'not/there') }, /ENOENT\. Make the directory/],
  ] as const
  for (const [changes, line] of wrong) {
    rig.configure(changes)
    const { code, said } = await rig.refused()
    t.is(code, 1, said)
    t.regex(said, line)
    t.notRegex(said, stack)
  }
})

test.serial('a taken HTTPS port does not take the console away: the board starts and says so', async (t) => {
  const rig = await BoardRig.make(t)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  rig.configure({ port: (taken.address() as AddressInfo).port })
  rig.start()
  await rig.output.wait(/the port is in use by another program/)
  await rig.serial.wait(/login: /)
  t.pass()
})

test.serial('a serial line that is not there is one line with what to do', async (t) => {
  const rig = await BoardRig.make(t)
  writeFileSync(rig.config, `data: ${rig.data}\nserial: {path: /dev/no-such-line}\nhttps: {address: 127.0.0.1, port: 0}\n`)
  const { code, said } = await rig.refused()
  t.is(code, 1)
  t.regex(said, /platen: cannot open the serial line \/dev\/no-such-line: there is no such device or socket\. Set serial\.path/)
  t.notRegex(said, stack)
})

test.serial('a typo in the config is named with its line, exit code 78, and nothing is made', async (t) => {
  const rig = await BoardRig.make(t)
  rig.configure({ more: 'modle: {maxKeys: 3}\n' })
  for (const words of [['--check'], []]) {
    const { code, said } = await rig.refused(...words)
    t.is(code, 78)
    t.regex(said, /^platen: .*board\.yaml line 4 column 1: modle is no setting of a board\. Did you mean "model"\?\n$/)
  }
  t.false(existsSync(rig.data))
  rig.configure()
  t.is((await rig.refused('--check')).code, 0)
})

test.serial('a config that is not there points to the example; a wrong option shows the usage', async (t) => {
  const rig = await BoardRig.make(t)
  rmSync(rig.config)
  const { code, said } = await rig.refused()
  t.is(code, 78)
  t.regex(said, /^platen: .*board\.yaml: there is no such file\. Copy systemd\/board\.example\.yaml there/)
  const usage = await rig.refused('--chekc')
  t.is(usage.code, 2)
  t.regex(usage.said, /^Usage: /)
})

function page(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (part: string) => (body += part)).on('end', () => resolve(body))
    }).on('error', reject)
  })
}
