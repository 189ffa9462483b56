import { randomBytes } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import { LOGIN_PROMPT, PROMPT } from '../../../protocol/commands/index.js'
import { hasCode, PlatenError, type ErrorCode } from '../../../protocol/errors.js'
import { boardCommand, boardGroup, BoardClient, readMessage, readPayload, seal, SmpClient, writeMessage, writePayload, type Refusal } from '../../../protocol/smp/index.js'
import { readKeyMaterial, writePkcs12 } from '../../../protocol/pkcs12/index.js'
import { milliseconds, minutes, seconds } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/index.js'
import { consoleBoard, password, successful } from '../../support/console-board.js'
import { fixtureKeys, largeKey } from '../../support/fixture-keys.js'
import { certificateFor } from '../../support/key-store-fixture.js'
import { shareLine } from '../../support/machine-line.js'

async function refuses(t: ExecutionContext, code: ErrorCode, work: Promise<unknown>): Promise<PlatenError> {
  const error = await t.throwsAsync<PlatenError>(work, { instanceOf: PlatenError })
  t.true(hasCode(error, code), `${error.code}: ${error.message}`)
  return error
}

async function signedIn() {
  const board = await consoleBoard()
  const desk = shareLine(board, board.clock)
  await desk.client.signIn(password, { first: true })
  return { board, ...desk }
}

test('every client of SMP gets an echo and the parameters, without signing in', async (t) => {
  const board = await consoleBoard()
  const { client, hangUp } = shareLine(board, board.clock)
  t.is(await client.echo('Größe 12'), 'Größe 12')
  t.deepEqual(await client.parameters(), { bufferSize: 49_152, bufferCount: 4 })
  await hangUp()
  t.deepEqual(board.clock.timers(), [])
})

test('device.md 6: a key of the largest size comes as the bytes of its file in one request, and goes out again', async (t) => {
  const clock = new VirtualClock(Date.UTC(2027, 0, 1))
  const board = await consoleBoard({ clock })
  const { client, hangUp } = shareLine(board, clock)
  await client.signIn(password, { first: true })
  const privateKey = largeKey()
  const leaf = certificateFor(privateKey, 'large')
  const filler = Array.from({ length: 24 }, (_, index) => certificateFor(fixtureKeys.two, `other ${index}`))
  const data = writePkcs12({ privateKey, chain: [leaf, ...filler], friendlyName: 'large' }, { password: 'a long password', rounds: 100, random: (count) => Uint8Array.from(randomBytes(count)) })
  t.true(data.length > 20_000 && data.length < 32 * 1024, `${data.length} bytes`)
  t.like(await client.command('keys import', { name: 'large', data, password: 'a long password' }), { name: 'large', certificates: 1, advice: '24 certificates of the file are not of its chain and were left out.' })
  const { lines } = await client.command('keys export', { name: 'large', password: 'another password' })
  t.true(readKeyMaterial(lines.join(''), 'another password').privateKey.equals(privateKey))
  await refuses(t, 'invalid-value', client.command('keys import', { name: 'again', data: new Uint8Array(33 * 1024) }))
  await hangUp()
})

test('a command needs the same sign-in as a person, and is typed both ways', async (t) => {
  const board = await consoleBoard()
  const { client, hangUp } = shareLine(board, board.clock)
  await refuses(t, 'not-signed-in', client.command('whoami'))
  await refuses(t, 'not-configured', client.signIn(password))
  await client.signIn(password, { first: true })
  t.deepEqual(await client.command('whoami'), { account: 'administrator', privilege: 'administrator', front: 'machine frames' })
  t.like(await client.command('comm set', { url: 'http://ca.example.com/scep', port: 8080 }), { url: 'http://ca.example.com/scep', port: 8080 })
  t.is((await client.command('keys list')).keys[0]?.kind, 'default')
  const error = await refuses(t, 'invalid-value', client.command('comm set', { port: 0 }))
  t.like(error, { facts: { field: 'port' } })
  t.not(error.fix, '')
  await refuses(t, 'permission-denied', client.signIn(password, { first: true }))
  await client.command('logout')
  await refuses(t, 'not-signed-in', client.command('whoami'))
  await hangUp()
})

test('the lock-out counts people and machines together, and a retry is no second guess', async (t) => {
  const { board, client, send, hangUp, packets } = await signedIn()
  const header = { operation: 'write', version: 1, flags: 0, group: boardGroup, sequence: 200, id: boardCommand.signIn } as const
  const guess = writeMessage({ ...header, data: writePayload(seal(header, { n: 99, account: 'administrator', password: 'wrong' })) })
  const before = packets.length
  for (let count = 0; count < 10; count += 1) send(guess)
  await board.clock.advance(seconds(1))
  t.is(packets.length, before + 1)
  send(guess)
  await board.clock.advance(seconds(1))
  t.is(packets.length, before + 2)
  t.deepEqual(packets.at(-1), packets.at(-2))
  for (let count = 1; count <= 3; count += 1) await refuses(t, 'wrong-password', client.signIn('wrong'))
  await refuses(t, 'locked-out', client.signIn('wrong'))
  await hangUp()
})

test('a request sent again gets the same reply and runs once', async (t) => {
  const { board, send, hangUp, packets, client } = await signedIn()
  const session = readSession(packets[0]!)
  const header = { operation: 'write', version: 1, flags: 0, group: boardGroup, sequence: 7, id: boardCommand.command } as const
  const request = writeMessage({ ...header, data: writePayload(seal(header, { n: 50, session, name: 'restart', request: { reason: 'a test' } })) })
  const before = packets.length
  send(request)
  send(request)
  await board.clock.advance(seconds(1))
  send(request)
  await board.clock.advance(seconds(1))
  t.deepEqual(board.restarts, ['a test'])
  t.deepEqual(packets.slice(before), [packets.at(-1)!, packets.at(-1)!])
  await client.command('restart', { reason: 'a test' })
  t.deepEqual(board.restarts, ['a test', 'a test'])
  await hangUp()
})

function readSession(packet: Uint8Array): string {
  const reply = readPayload((readPayload(readMessage(packet)!.data)!['m']) as Uint8Array)!
  return (reply['reply'] as { readonly session: string }).session
}

test('a session belongs to its line and its run: another line cannot use it, a hang-up ends it', async (t) => {
  const { board, packets, hangUp } = await signedIn()
  const session = readSession(packets[0]!)
  await hangUp()
  t.regex(board.logged.join(''), /frames: the session ended account=administrator why="the line hung up"/)
  const other = shareLine(board, board.clock)
  const header = { operation: 'write', version: 1, flags: 0, group: boardGroup, sequence: 7, id: boardCommand.command } as const
  other.send(writeMessage({ ...header, data: writePayload(seal(header, { n: 1, session, name: 'whoami', request: {} })) }))
  await board.clock.advance(seconds(1))
  t.regex(Buffer.from(other.packets[0]!).toString('latin1'), /not-signed-in/)
  await other.client.signIn(password)
  const again = { ...header, sequence: 8 }
  other.send(writeMessage({ ...again, data: writePayload(seal(again, { n: 2, session, name: 'whoami', request: {} })) }))
  await board.clock.advance(seconds(1))
  t.regex(Buffer.from(other.packets.at(-1)!).toString('latin1'), /not-signed-in/)
  await other.hangUp()
  t.deepEqual(board.clock.timers(), [])
})

test('a machine that asks nothing for 15 minutes is signed out, and not one millisecond before', async (t) => {
  const { board, client, hangUp } = await signedIn()
  await board.clock.advance(minutes(10))
  await client.command('whoami')
  await board.clock.advance(milliseconds(minutes(15) - 1))
  t.notRegex(board.logged.join(''), /frames: the session ended/)
  await board.clock.advance(milliseconds(1))
  t.regex(board.logged.join(''), /frames: the session ended account=administrator why="idle for 15 minutes"/)
  await refuses(t, 'not-signed-in', client.command('whoami'))
  await hangUp()
})

test('progress comes while the command runs, to the one who asked; the challenge is in no log and no reply', async (t) => {
  const { board, client, hangUp, raw } = await signedIn()
  const progress: string[] = []
  const reply = await client.command('request', { 'key-name': 'office', cn: 'printer.example.com', use: 'tls', challenge: 'a challenge word' }, { progress: (text) => progress.push(text) })
  t.like(reply, { status: 'Successful', 'key-name': 'office', enabled: true })
  t.deepEqual(progress, ['Making a 2048-bit key …'])
  t.is(board.issuance.asked[1], 'a challenge word')
  t.notRegex(board.logged.join(''), /challenge word/)
  t.notRegex(raw(), /challenge word/)
  board.issuance.answer = () => Promise.resolve({ ...successful, status: 'Error', details: 'Communication Error (TOP ERROR)', code: 'timed-out', extra: { advice: 'Check the server.' } })
  const error = await refuses(t, 'timed-out', client.command('request', { 'key-name': 'other', cn: 'printer.example.com' }))
  t.like(error, { fix: 'Check the server.', facts: { status: 'Error' } })
  await hangUp()
})

test('events are the lines of the log with boot id, monotonic time and a sequence without gaps', async (t) => {
  const { board, client, events, hangUp } = await signedIn()
  await client.subscribe('info')
  await client.command('comm set', { url: 'http://ca.example.com/scep' })
  await board.clock.advance(seconds(5))
  await client.command('comm set', { port: 81 })
  t.deepEqual(events.map(({ sequence }) => sequence), events.map((_, index) => index))
  t.true(events.some(({ text, boot, monotonic }) => boot === '1a2b3c4d' && monotonic >= 5000 && text.includes('command: comm set')))
  await client.subscribe('none')
  const before = events.length
  await client.command('comm set', { port: 82 })
  t.is(events.length, before)
  await hangUp()
})

test('the reset of SMP restarts the board for whoever is signed in on the line, and for nobody else', async (t) => {
  const board = await consoleBoard()
  const desk = shareLine(board, board.clock)
  const replies: Uint8Array[] = []
  const plain = new SmpClient({ clock: board.clock, firstSequence: 77, send: (packet) => desk.send(packet) })
  desk.far.on('data', () => desk.packets.slice(replies.length).forEach((packet) => {
    replies.push(packet)
    plain.take(packet)
  }))
  const reset = async () => plain.request({ operation: 'write', group: 0, id: 5, deadline: seconds(5), read: (payload) => payload })
  t.is((await t.throwsAsync<Refusal>(reset())).rc, 11)
  t.deepEqual(board.restarts, [])
  await desk.client.signIn(password, { first: true })
  t.deepEqual({ ...await reset() }, {})
  t.is(board.restarts.length, 1)
  for (const [group, id, rc] of [[0, 3, 8], [1, 0, 8], [64, 9, 9]] as const) {
    t.is((await t.throwsAsync<Refusal>(plain.request({ operation: 'write', group, id, deadline: seconds(5), read: (payload) => payload }))).rc, rc)
  }
  await desk.hangUp()
})

test('a person who types while a machine talks sees clean lines, and what was typed stays', async (t) => {
  const { board, client, type, seen, hangUp, raw } = await signedIn()
  // Turns of the event loop, for the password takes a thread.
  const until = async (pattern: RegExp): Promise<void> => {
    for (let turns = 0; turns < 500 && !pattern.test(seen()); turns += 1) await board.clock.advance(milliseconds(1))
    t.regex(seen(), pattern)
  }
  t.true(seen().endsWith(`\u001b[A\r${LOGIN_PROMPT}\u001b[K`))
  type('administrator\r')
  await client.echo('one')
  type(`${password}\r`)
  await client.echo('two')
  await until(/platen> /)
  type('who')
  await client.echo('three')
  type('am')
  await client.command('status')
  type('i\r')
  await until(/= ok account=administrator privilege.*\r\n/)
  const lines = seen().split(/\r\n|\r/)
  t.false(lines.some((line) => /[\u0006\u0004\u0014]/.test(line)))
  t.true(lines.some((line) => line.replace(/\u001b\[\w*/g, '') === `${PROMPT}whoam`))
  // Every frame starts a line of its own, for readers that look there.
  for (const match of raw().matchAll(/\u0006\t/g)) t.regex(raw().slice(Math.max(0, match.index - 1), match.index), /^\n?$/)
  await hangUp()
})

test('a fifth request at the same time is told busy', async (t) => {
  const { board, client, hangUp } = await signedIn()
  const ends: (() => void)[] = []
  board.issuance.answer = () => new Promise((resolve) => void ends.push(() => resolve(successful)))
  const slow = [1, 2, 3, 4].map((count) => client.command('request', { 'key-name': `key${count}`, cn: 'printer.example.com' }))
  await refuses(t, 'busy', client.command('whoami'))
  slow.forEach((work) => void work.catch(() => undefined))
  await hangUp()
  ends.forEach((end) => end())
  t.pass()
})

test('a client with no board at the other end gives up in time', async (t) => {
  const board = await consoleBoard()
  const sent: Uint8Array[] = []
  const client = new BoardClient({ clock: board.clock, send: (packet) => sent.push(packet) })
  const work = client.echo('hello', seconds(10))
  work.catch(() => undefined)
  await board.clock.advance(seconds(10))
  const error = await refuses(t, 'timed-out', work)
  t.regex(error.message, /within 10 s/)
  t.is(sent.length, 5)
  t.is(new Set(sent.map((packet) => Buffer.from(packet).toString('hex'))).size, 1)
  t.deepEqual(board.clock.timers(), [])
})

test('a reply of 40 KB crosses the line; one that is longer than frames carry says what to do', async (t) => {
  const { board, client, hangUp } = await signedIn()
  for (let count = 0; count < 100; count += 1) board.services.log.info(`${count} ${'x'.repeat(980)}`)
  t.is((await client.command('log', { lines: 40 })).lines.length, 40)
  const error = await refuses(t, 'response-too-large', client.command('log', { lines: 100 }))
  t.is(error.fix, 'Ask for less at a time.')
  await hangUp()
})
