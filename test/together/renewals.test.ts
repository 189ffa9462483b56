import test from 'ava'
import { PlatenError } from '../../protocol/errors.js'
import { readCertificate } from '../../protocol/scep/index.js'
import { days, hours, minutes } from '../../protocol/time.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { keysIn } from '../support/issuance-bench.js'
import { certificateFor } from '../support/key-store-fixture.js'
import { ScriptedScep, type Seen } from '../support/scripted-scep.js'
import { firstRequest, newYear, timerBoard, type TimerBoard } from '../support/timer-board.js'

const { two, three } = fixtureKeys

/** As many keys as a life has, of two: one is gone when its turn comes again. */
const life = Array.from({ length: 120 }, (_, index) => (index % 2 === 0 ? two : three))

const lifetime = days(90)

/** A CA that says Renewal, with certificates of 90 days from the day on which they are asked for. */
function renewing(wall: () => number, capabilities: ScriptedScep['capabilities'] = { standard: true, renewal: true }): ScriptedScep {
  const scep = new ScriptedScep()
  let serial = 16
  scep.capabilities = capabilities
  scep.answer = ({ content }) => {
    serial += 1
    return { fields: { status: 'SUCCESS', certificates: [scep.issue(content, { notBefore: wall(), notAfter: wall() + lifetime, serial: serial.toString(16).padStart(4, '0') })] } }
  }
  return scep
}

async function renewingBoard(t: Parameters<typeof timerBoard>[0], options: Parameters<typeof timerBoard>[1] & { readonly capabilities?: ScriptedScep['capabilities'] } = {}): Promise<TimerBoard> {
  let now = (): number => newYear
  const scep = renewing(() => now(), options.capabilities)
  const board = await timerBoard(t, { keys: life, scep, ...options, timer: { deleteOld: true, challenge: 'secret', ...options.timer } })
  now = () => board.clock.wall()
  return board
}

const leafOf = (board: TimerBoard) => readCertificate(board.store.keyFor('tls')!.chain[0]!)
const signerOf = (seen: Seen | undefined) => readCertificate(seen!.message.certificates[0]!)

test('device.md 4: a third of the lifetime before the end the certificate is renewed by RenewalReq: signed by it, new key, no challenge', async (t) => {
  const board = await renewingBoard(t)
  await board.until(firstRequest)
  const old = leafOf(board)
  const due = old.notAfter - lifetime / 3 + minutes(1)
  t.is(board.issuance.automatic.view().nextAt, due)
  await board.until(due - 1)
  t.is(board.sent.length, 1)
  await board.until(due)
  t.deepEqual(board.sent.map(({ type }) => type), ['PKCSReq', 'RenewalReq'])
  t.is(signerOf(board.scep.seen[1]).fingerprint, old.fingerprint)
  t.deepEqual(board.scep.challenges(), ['secret', undefined])
  t.notDeepEqual(leafOf(board).spki, old.spki)
  t.deepEqual(keysIn(board), ['office ready'], 'the new key has the name of the old one')
  t.deepEqual(board.rows(), ['To Be Processed', 'Successful', 'Successful'])
})

test('C-20: no RenewalReq goes to a CA that does not say Renewal; PKCSReq is signed by the old certificate then', async (t) => {
  const board = await renewingBoard(t, { capabilities: { standard: true } })
  await board.until(firstRequest)
  const old = leafOf(board)
  await board.until(old.notAfter - lifetime / 4)
  t.deepEqual(board.sent.map(({ type }) => type), ['PKCSReq', 'PKCSReq'])
  t.is(signerOf(board.scep.seen[1]).fingerprint, old.fingerprint)
  t.deepEqual(board.scep.challenges(), ['secret', undefined])
  t.deepEqual(board.rows(), ['To Be Processed', 'Successful', 'Successful'])
})

test('device.md 4: refused renewals fall back in order, within one row: RenewalReq, PKCSReq by the old certificate, PKCSReq with challenge', async (t) => {
  const board = await renewingBoard(t, { keys: [two, three, fixtureKeys.one, three] })
  await board.until(firstRequest)
  const old = leafOf(board)
  const issue = board.scep.answer
  board.scep.answer = (seen) => (board.scep.challenges().at(-1) === undefined ? { fields: { status: 'FAILURE', failInfo: 'badRequest' } } : issue(seen))
  await board.until(old.notAfter - lifetime / 4)
  t.deepEqual(board.sent.slice(1).map(({ type }) => type), ['RenewalReq', 'PKCSReq', 'PKCSReq'])
  t.deepEqual(board.scep.seen.slice(1).map((seen) => signerOf(seen).fingerprint === old.fingerprint), [true, true, false])
  t.deepEqual(board.scep.challenges().slice(1), [undefined, undefined, 'secret'])
  t.deepEqual(board.rows(), ['To Be Processed', 'Successful', 'Successful'])
  t.deepEqual(keysIn(board), ['office ready'])
})

test('a certificate for another name renews nothing: with a new Common Name the board enrols with the challenge', async (t) => {
  const board = await renewingBoard(t, { timer: { periodic: true, periodicDays: 10 } })
  await board.until(firstRequest)
  await board.issuance.automatic.update({ commonName: 'lobby.example.com' })
  await board.pass(days(11))
  t.deepEqual(board.sent.map(({ type }) => type), ['PKCSReq', 'PKCSReq'])
  t.deepEqual(board.scep.challenges(), ['secret', 'secret'])
  t.is(leafOf(board).subject, 'CN=lobby.example.com')
  await board.pass(days(10))
  t.is(board.sent.at(-1)?.type, 'RenewalReq')
})

test('device.md 4: an expired certificate signs nothing: the board enrols again with the challenge', async (t) => {
  const board = await renewingBoard(t)
  await board.until(firstRequest)
  const old = leafOf(board)
  board.clock.setWall(old.notAfter + days(1))
  await board.pass(hours(1))
  t.deepEqual(board.sent.map(({ type }) => type), ['PKCSReq', 'PKCSReq'])
  t.deepEqual(board.scep.challenges(), ['secret', 'secret'])
  t.not(signerOf(board.scep.seen[1]).fingerprint, old.fingerprint)
  t.deepEqual(keysIn(board), ['office ready'])
})

test('C-6: a renewal that is deferred is polled under the signature of the old certificate, also after a restart', async (t) => {
  const board = await renewingBoard(t)
  await board.until(firstRequest)
  const old = leafOf(board)
  const issue = board.scep.answer
  const csr: Uint8Array[] = []
  board.scep.answer = (seen) => {
    if (seen.message.messageType !== 'CertPoll') csr.push(seen.content)
    return board.sent.length < 3 ? { fields: { status: 'PENDING' } } : issue({ ...seen, content: csr.at(-1)! })
  }
  await board.until(old.notAfter - lifetime / 3 + minutes(12))
  t.deepEqual(board.sent.map(({ type }) => type), ['PKCSReq', 'RenewalReq', 'CertPoll'])
  t.deepEqual(keysIn(board), ['office ready', 'office (2) pending'])
  await board.close()
  const again = await timerBoard(t, { image: board.disk.image(), clock: board.clock, scep: board.scep, sent: board.sent, keys: [fixtureKeys.one] })
  await again.pass(minutes(10))
  t.deepEqual(board.sent.map(({ type }) => type), ['PKCSReq', 'RenewalReq', 'CertPoll', 'CertPoll'])
  t.true(board.scep.seen.slice(1).every((seen) => signerOf(seen).fingerprint === old.fingerprint))
  t.is(new Set(board.scep.seen.slice(1).map(({ message }) => message.transactionId)).size, 1)
  t.deepEqual([again.rows(), keysIn(again)], [['To Be Processed', 'Successful', 'Successful'], ['office ready']])
})

test('device.md 6: a full store of 3 renews for 50 generations: one key, the same name, the default key and its neighbour stay', async (t) => {
  const board = await renewingBoard(t, { maxKeys: 3, timer: { periodic: true, periodicDays: 10 } })
  const neighbour = await board.store.put(await board.store.reserve('neighbour'), fixtureKeys.one)
  await board.store.complete(neighbour.id, { chain: [certificateFor(fixtureKeys.one, 'neighbour')], assign: 'ieee-802-1x' })
  const [defaultKey] = board.store.entries()
  for (let generation = 1; generation <= 50; generation += 1) {
    await board.pass(days(11))
    t.deepEqual(keysIn(board), ['neighbour ready', 'office ready'], `generation ${generation}`)
    t.is(board.newest()?.status, 'Successful')
  }
  t.true(board.sent.length >= 50)
  t.is(new Set(board.scep.seen.map(({ message }) => message.transactionId)).size, board.sent.length)
  t.is(board.store.entries()[0]?.id, defaultKey?.id)
  t.is(board.uses.put.length, board.sent.length)
})

test('device.md 4: with Delete Old off the old keys stay, numbered and idle, until the limit error', async (t) => {
  const board = await renewingBoard(t, { maxKeys: 4, keys: [two, three, fixtureKeys.one, fixtureKeys.one], timer: { deleteOld: false, periodic: true, periodicDays: 10 } })
  await board.pass(days(40))
  t.deepEqual(keysIn(board), ['office ready', 'office (2) ready', 'office (3) ready'])
  t.deepEqual(board.store.entries().map(({ uses }) => uses.join()), ['', '', '', 'tls'])
  t.deepEqual([board.newest()?.code, board.newest()?.details], ['store-full', 'Key and Certificate Registration Limit Error'])
  t.is(board.sent.length, 3)
})

test('device.md 6: the old key goes only when the new one serves; what would not serve makes room for the next exchange', async (t) => {
  const board = await renewingBoard(t, { maxKeys: 2, keys: [two, three, fixtureKeys.one], timer: { periodic: true, periodicDays: 10 } })
  await board.until(firstRequest)
  const old = board.store.find('office')!
  board.uses.fail = new PlatenError('probe-failed', 'it does not serve')
  await board.pass(days(11))
  // As KeyUses does at once.
  await board.store.assign('tls', old.id)
  t.deepEqual([board.newest()?.status, keysIn(board)], ['Error', ['office ready', 'office (2) ready']])
  t.is(board.store.keyFor('tls')?.id, old.id)
  board.uses.fail = undefined
  await board.pass(days(11))
  t.deepEqual([board.newest()?.status, keysIn(board)], ['Successful', ['office ready']])
  t.not(board.store.keyFor('tls')?.id, old.id)
})

test('a key that has come to another use keeps its certificate, and the next renewals go on in a full store', async (t) => {
  const board = await renewingBoard(t, { maxKeys: 3, keys: [two, three, fixtureKeys.one], timer: { periodic: true, periodicDays: 10 } })
  await board.until(firstRequest)
  await board.store.assign('ieee-802-1x', board.store.find('office')!.id)
  await board.pass(days(11))
  t.deepEqual(keysIn(board), ['office ready', 'office (2) ready'])
  t.deepEqual(board.store.find('office')?.uses, ['ieee-802-1x'])
  await board.pass(days(10))
  await board.pass(minutes(2))
  t.is(board.sent.length, 3)
  t.deepEqual(keysIn(board), ['office ready', 'office (2) ready'])
})
