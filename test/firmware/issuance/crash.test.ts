import test from 'ava'
import { asPlatenError } from '../../../protocol/errors.js'
import { checkScript } from '../../../rig/scep-server/index.js'
import { crashImages } from '../../support/crash-images.js'
import type { DiskImage } from '../../support/disk-image.js'
import { filesOf } from '../../support/disk-image.js'
import { bench, enrolAt, keysIn, specification, type Bench } from '../../support/issuance-bench.js'
import { rigServer } from '../../support/rig-server.js'

/** What is certain to be on the disk now, whatever a power cut takes. */
function durableImages({ disk }: Bench): readonly DiskImage[] {
  return [...crashImages(disk, disk.operations.length)]
}

const issuanceFile = (image: DiskImage): string => Buffer.from(filesOf(image).get('/issuance/issuance.json') ?? '').toString()

test('the intent (transaction, key, CSR hash) is durable before the first byte of the request, the row before any byte', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  const asked: string[] = []
  board.http.before = ({ url }) => {
    asked.push(url.search.slice(0, 23))
    const certain = new Set(durableImages(board).map(issuanceFile))
    t.is(certain.size, 1, 'whatever a power cut takes, the row stays as it is')
    const stored = JSON.parse([...certain].join('').replace(/\nsha256.*\n$/, '')) as { rows: { transaction: { transactionId: string; intent?: { keyId: string; csr: string } } }[] }
    const { transactionId, intent } = stored.rows[0]!.transaction
    t.regex(transactionId, /^[0-9a-f]{32}$/)
    if (url.search.includes('PKIOperation')) {
      t.regex(intent?.csr ?? '', /^[0-9a-f]{64}$/)
      t.is<string | undefined, string | undefined>(board.store.find('office')?.id, intent?.keyId)
      t.true(durableImages(board).every((image) => [...filesOf(image).keys()].some((path) => path.includes(intent!.keyId))), 'the key is as durable')
    } else {
      t.is(intent, undefined)
    }
    return undefined
  }
  t.is((await board.issuance.request(specification)).status, 'Successful')
  t.deepEqual(asked, ['?operation=GetCACaps', '?operation=GetCACert', '?operation=PKIOperation'].map((search) => search.slice(0, 23)))
})

test('C-14: a power cut while the answer is awaited keeps transaction and key, and poll brings the certificate', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  let image: DiskImage | undefined
  board.http.before = ({ url }) => {
    if (url.search.includes('PKIOperation')) image = durableImages(board)[0]
    return undefined
  }
  await board.issuance.request({ ...specification, use: 'tls' })
  const again = await bench(t, { image: image! })
  const [entry] = again.issuance.history()
  t.deepEqual([entry?.status, entry?.code, entry?.details], ['Error', 'interrupted', 'Interrupted By Restart'])
  t.regex(entry?.extra.next ?? '', /poll/)
  t.deepEqual(keysIn(again), ['office pending'])
  t.is((await again.issuance.poll()).status, 'Successful')
  t.deepEqual(again.store.find('office')?.uses, ['tls'])
})

test('a power cut before anything was sent ends the request and frees the place', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  let image: DiskImage | undefined
  board.http.before = ({ url }) => {
    if (url.search.includes('GetCACert')) image = durableImages(board)[0]
    return undefined
  }
  await board.issuance.request(specification)
  const again = await bench(t, { image: image! })
  t.deepEqual(again.issuance.history().map(({ status, code }) => [status, code]), [['Error', 'interrupted']])
  t.deepEqual(keysIn(again), [])
  await t.throwsAsync(again.issuance.poll(), { code: 'nothing-to-poll' })
})

test('at every moment of a request a power cut leaves a board that starts, tells the truth and can go on', async (t) => {
  const { server } = await rigServer(t)
  const before = await bench(t)
  await enrolAt(before, server)
  await before.settings.rememberWorked(server.fingerprint, { digest: 'sha256', cipher: 'aes128-cbc' })
  await before.close()
  // From a board that has been running for long, so that only what the request writes is at stake.
  const board = await bench(t, { image: before.disk.image() })
  const from = board.disk.operations.length
  t.is((await board.issuance.request({ ...specification, use: 'tls' })).status, 'Successful')
  const states = new Set<string>()
  for (let prefix = from; prefix <= board.disk.operations.length; prefix += 1) {
    // The store's own files have a sweep of their own; of their combinations with ours, 32 at each point will do.
    const images = [...crashImages(board.disk, prefix)]
    for (const image of images.filter((_, index) => index % Math.ceil(images.length / 32) === 0)) {
      const again = await bench(t, { image })
      const [entry, ...others] = again.issuance.history()
      const [key] = keysIn(again)
      states.add(`${entry?.status ?? 'none'}/${entry?.code ?? ''}/${key ?? 'no key'}`)
      t.deepEqual(others, [])
      t.not(entry?.status, 'Processing...')
      t.is(again.store.problems().length + again.issuance.problems().length + again.settings.problems().length, 0)
      // A key that waits can be asked for; a key that is there belongs to a row that says so.
      const open = again.issuance.history().some(({ extra }) => /poll/.test(extra.next ?? ''))
      t.is(open, key === 'office pending')
      t.is(entry?.status === 'Successful', key === 'office ready')
      await again.close()
    }
  }
  t.deepEqual([...states].sort(), ['Error/interrupted/no key', 'Error/interrupted/office pending', 'Successful//office ready', 'none//no key'].sort())
})

test('a stop of the board ends a request at once, writes nothing more, and the next start resolves it', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  let writes = 0
  board.http.before = async ({ url }) => {
    if (!url.search.includes('PKIOperation')) return undefined
    await board.issuance.close()
    writes = board.disk.operations.length
    return undefined
  }
  const error = asPlatenError(await t.throwsAsync(board.issuance.request(specification)))
  t.is(error.code, 'interrupted')
  t.is(board.disk.operations.length, writes)
  await t.throwsAsync(board.issuance.request({ ...specification, keyName: 'late' }), { code: 'busy' })
  await board.close()
  const again = await bench(t, { image: board.disk.image() })
  t.is((await again.issuance.poll()).status, 'Successful')
})

test('a disk that fails when the certificate comes does not cost it: the transaction is kept', async (t) => {
  const { server } = await rigServer(t)
  const board = await bench(t)
  await enrolAt(board, server)
  const append = board.disk.append.bind(board.disk)
  board.disk.append = (path) => board.disk.read(`${path}/nothing`, 1).then(() => undefined)
  const entry = await board.issuance.request(specification)
  t.deepEqual([entry.details, entry.code], ['Storage Error', 'disk-failed'])
  t.deepEqual(keysIn(board), ['office pending'])
  board.disk.append = append
  server.setScript(checkScript({ faults: [] }))
  t.is((await board.issuance.poll()).status, 'Successful')
})

test('a damaged request status starts empty, says so, and gives up no key that may be waited for', async (t) => {
  const { server } = await rigServer(t, { script: { faults: ['pending-forever'] } })
  const board = await bench(t)
  await enrolAt(board, server)
  await board.issuance.request(specification)
  await board.close()
  await board.disk.truncate('/issuance/issuance.json', 100)
  const again = await bench(t, { image: board.disk.image() })
  t.deepEqual(again.issuance.history(), [])
  t.is(again.issuance.problems()[0]?.code, 'store-damaged')
  t.deepEqual(keysIn(again), ['office pending'])
})
