import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { stringify } from 'yaml'
import { linuxSerial } from '../../firmware/platform/index.js'
import { runCommandLine } from '../../rig/cli/index.js'
import { findContainerEngine, needScepImage } from '../../rig/peers/index.js'
import { startScepServer } from '../../rig/scep-server/index.js'
import { boardUnderTest, connectBoard, does, folder, password, platform } from '../support/board-under-test.js'
import { part } from '../support/parts.js'

const socat = part('socat')
const podman = part('podman')
const mosquitto = part('mosquitto')

interface Ran {
  readonly code: number
  readonly said: string
}

async function rig(...words: readonly string[]): Promise<Ran> {
  const said: string[] = []
  const say = (line: string): void => void said.push(line)
  return { code: await runCommandLine(platform, words, { write: say, complain: say }), said: said.join('\n') }
}

async function benchIn(t: ExecutionContext, bench: object): Promise<{ readonly directory: string; readonly out: string; readonly run: (...words: readonly string[]) => Promise<Ran> }> {
  const directory = await folder(t)
  await platform.files.write(`${directory}/password`, `${password}\n`)
  await platform.files.write(`${directory}/bench.yaml`, stringify(bench))
  const out = `${directory}/out`
  return { directory, out, run: (...words) => rig('run', ...words, '--clock', 'hardware', '--bench', `${directory}/bench.yaml`, '--out', out) }
}

const lines = async (path: string): Promise<readonly Readonly<Record<string, unknown>>[]> => (await readFile(path, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)

/** A judgement of times is inconclusive on a machine that is too busy to tell; everything else has to hold. */
function passed(t: ExecutionContext, { code, said }: Ran): void {
  t.true(code === 0 || code === 4, said)
  for (const line of said.split('\n').filter((each) => /^ +[?!✘]/u.test(each))) t.regex(line, /^ {2}\? (?:witnesses agree|.*\d min apart)/u, said)
}

/**
 * The same bytes over TCP, as ser2net gives them: one connection has the line, and the next takes it over. (A socat for
 * each connection may let two of them read the line at once, and each loses what the other has.)
 */
async function overTcp(t: ExecutionContext, tty: string): Promise<string> {
  const line = await linuxSerial.open(tty, 115_200)
  let user: Socket | undefined
  line.on('data', (bytes: Buffer) => user?.write(bytes))
  const server = createServer({ noDelay: true }, (socket) => {
    user?.destroy()
    user = socket
    socket.on('data', (bytes) => line.write(bytes))
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    user?.destroy()
    server.close()
    line.destroy()
  })
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Programs that switch a board which is nobody's child, as on a bench; on is fine when it is on. */
function powerOf(directory: string): { readonly on: readonly string[]; readonly off: readonly string[] } {
  const firmware = fileURLToPath(new URL('../../firmware/main.js', import.meta.url))
  const pid = `${directory}/pid`
  return {
    on: ['sh', '-c', `kill -0 $(cat ${pid}) 2>/dev/null || { setsid ${process.execPath} ${firmware} ${directory}/board.yaml >/dev/null 2>&1 & echo $! > ${pid}; }`],
    off: ['sh', '-c', `kill -9 $(cat ${pid}); rm ${pid}`],
  }
}

socat.test('run --clock hardware: a board on its tty and one over TCP play at once, driven both ways; what others use on them stays, what earlier runs left goes', async (t) => {
  t.timeout(300_000)
  const [desk, shelf] = [await boardUnderTest(t), await boardUnderTest(t)]
  const server = await startScepServer({ platform })
  t.teardown(() => server.close())
  await connectBoard(t, desk, server)
  for (const key of ['web', 'rig-of-an-earlier-run']) await does(t, desk, `request key-name=${key} cn=printer.example.com use=tls`, '')
  await does(t, desk, 'keys assign web tls')
  for (const board of [desk, shelf]) board.detach()
  // From now on its power is the bench's: nobody's child.
  await desk.cutPower()
  const power = powerOf(desk.directory)
  t.teardown(async () => (await platform.processes.start('sh', ['-c', `${power.off.at(-1) ?? ''} 2>/dev/null; true`])).exited)
  const { out, run, directory } = await benchIn(t, {
    boards: {
      desk: { serial: desk.line.hostPath, passwordFile: 'password', https: desk.https, power },
      shelf: { serial: await overTcp(t, shelf.line.hostPath), passwordFile: 'password', https: shelf.https, drive: 'frames' },
    },
    faults: ['power-cut'],
  })
  const ran = await run('issue-by-hand', 'timer-refusals', 'power-cut')
  passed(t, ran)
  t.regex(ran.said, /^shelf: power-cut is left out: the rig has no control of its power$/mu)
  t.regex(ran.said, /^✔ power-cut on desk: passed$/mu)
  t.regex(ran.said, /run issue-by-hand timer-refusals power-cut --clock hardware --bench \S+ --seed/u)
  await desk.attach()
  await desk.attend(password)
  const { lines: shown } = await desk.command('keys list')
  t.deepEqual(shown.filter((line) => /^(?:rig-|web)/u.test(line)).map((line) => line.split(' ', 1)[0]), ['web'], ran.said)
  t.is((await does(t, desk, 'status'))['tls-key'], 'web')
  for (const name of ['desk', 'shelf']) {
    const exchanges = await lines(`${out}/${name}.scep.jsonl`)
    t.true(exchanges.some(({ scenario, status }) => scenario === 'issue-by-hand' && status === 'SUCCESS'))
    t.is(new Set((await lines(`${out}/${name}.console.jsonl`)).map(({ from }) => from)).size, 2)
    t.false((await readFile(`${out}/${name}.console.jsonl`, 'utf8')).includes(password))
  }
  t.regex((await rig('bench', 'list', '--bench', `${directory}/bench.yaml`)).said, /^desk .* free\nshelf .* free$/u)
})

socat.test('run --clock hardware: a board that others need is not touched, one that is silent is marked with its first failure, one that is leased is left to its run', async (t) => {
  t.timeout(300_000)
  const desk = await boardUnderTest(t)
  const start = new Date(platform.clock.wall() + 86_400_000).toISOString().replace(/\.\d+Z/u, 'Z')
  await does(t, desk, `timer set start=${start} key-name=web cn=printer.example.com use=tls`, '')
  desk.detach()
  const { run, directory } = await benchIn(t, { boards: { desk: { serial: desk.line.hostPath, passwordFile: 'password' }, gone: { serial: `unix:nowhere`, passwordFile: 'password' } } })
  const [both, second] = await Promise.all([run('issue-by-hand'), new Promise((resolve) => setImmediate(resolve)).then(() => run('issue-by-hand', '--board', 'desk'))])
  t.is(both.code, 3, both.said)
  t.is(second.code, 3)
  t.regex(`${both.said}\n${second.said}`, /\[board-taken\]/u)
  const whole = both.said.includes('[board-taken]') ? await run('issue-by-hand') : both
  t.regex(whole.said, /! the timer of desk is on, for the key web .*timer off \[board-not-ready\]/u)
  t.regex(whole.said, /gone is marked broken until: npm run rig -- bench mend gone/u)
  t.regex((await rig('bench', 'list', '--bench', `${directory}/bench.yaml`)).said, /^desk .* free\ngone .*broken in run/u)
  await desk.attach()
  t.is((await does(t, desk, 'timer show'))['enabled'], 'true')
})

podman.test('run --clock hardware: the main scenarios against the SCEP server in a container, through a relay that stamps and tells no secret', async (t) => {
  t.timeout(300_000)
  await needScepImage(platform, await findContainerEngine(platform.processes), (line) => t.log(line))
  const { out, run } = await benchIn(t, { boards: { soft: 'process' }, scep: 'container', broker: 'embedded' })
  const ran = await run('issue-by-hand', 'automatic-renewal', 'polls-on-pending')
  passed(t, ran)
  t.regex(ran.said, /^soft: polls-on-pending is left out: .*scep/mu)
  const exchanges = await lines(`${out}/soft.scep.jsonl`)
  const told = exchanges.filter(({ messageType }) => messageType !== undefined).map(({ scenario, messageType, status, failInfo = '' }) => `${String(scenario)} ${String(messageType)} ${String(status)} ${String(failInfo)}`.trim())
  // By hand: the identity on the broker, the wrong challenge, the right one. By the timer: the identity, a request, a renewal.
  t.deepEqual(told.slice(0, 5), [
    'issue-by-hand PKCSReq SUCCESS', 'issue-by-hand PKCSReq FAILURE badRequest', 'issue-by-hand PKCSReq SUCCESS', 'automatic-renewal PKCSReq SUCCESS', 'automatic-renewal PKCSReq SUCCESS',
  ])
  t.is(told[5]?.startsWith('automatic-renewal RenewalReq'), true, told.join('\n'))
  t.is(told.at(-1)?.endsWith('SUCCESS'), true)
  t.true(exchanges.every(({ at }) => (at as { readonly firstByte: number; readonly sent: number }).sent >= (at as { readonly firstByte: number }).firstByte))
  t.true((await lines(`${out}/mqtt.jsonl`)).some(({ topic, direction }) => direction === 'received' && topic === 'mfp/1/bench/soft.bench/evt/request'))
})

mosquitto.test('run --clock hardware: line noise and a mosquitto of the run; MQTT is the third witness, and its transcript has each message with its properties', async (t) => {
  t.timeout(300_000)
  const { out, run } = await benchIn(t, { boards: { soft: { process: true, drive: 'frames' } }, broker: 'process', faults: ['serial', 'broker'] })
  const ran = await run('serial-noise', 'broker-kick')
  passed(t, ran)
  t.regex(ran.said, /✔ no answer is for another request: /u)
  t.regex(ran.said, /✔ the third witness agrees: [1-9]/u)
  t.regex(ran.said, /^soft: broker-kick is left out: only the rig's own broker/mu)
  const messages = await lines(`${out}/mqtt.jsonl`)
  t.true(messages.every(({ at, direction, topic, retain }) => typeof at === 'number' && direction === 'received' && typeof topic === 'string' && typeof retain === 'boolean'))
  const online = messages.find(({ topic }) => topic === 'mfp/1/bench/soft.bench/state')
  t.like(online, { payload: { state: 'online' } })
})
