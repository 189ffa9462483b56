import test from 'ava'
import { BoardClient, readMessage, replyHeader, seal, writeMessage, writePayload, type Message } from '../../../protocol/smp/index.js'
import { milliseconds, seconds } from '../../../protocol/time.js'
import { VirtualClock } from '../../../rig/boards/index.js'

function bench() {
  const clock = new VirtualClock(0)
  const sent: Message[] = []
  const client = new BoardClient({ clock, firstSequence: 250, send: (packet) => sent.push(readMessage(packet)!) })
  const reply = (to: Message, n: number, account: string): void => {
    const { operation, version, flags, group, sequence, id } = replyHeader(to)
    const header = { operation, version, flags, group, sequence, id }
    client.take(writeMessage({ ...header, data: writePayload(seal(header, { n, ok: true, reply: { account, privilege: 'administrator', front: 'machine frames' } })) }))
  }
  return { clock, sent, client, reply }
}

test('no reply is ever for another request: one with the same sequence number but another count is passed over', async (t) => {
  const { clock, sent, client, reply } = bench()
  const work = client.command('whoami')
  reply(sent[0]!, 77, 'late')
  reply({ ...sent[0]!, sequence: 1 }, 0, 'other sequence')
  reply({ ...sent[0]!, group: 63 }, 0, 'other group')
  reply({ ...sent[0]!, id: 0 }, 0, 'other command')
  reply({ ...sent[0]!, operation: 'read' }, 0, 'other kind')
  reply(sent[0]!, 0, 'right')
  t.is((await work).account, 'right')
  reply(sent[0]!, 0, 'again')
  t.deepEqual(clock.timers(), [])
})

test('what is not answered is sent again as the very same bytes, at 0.5, 1.5, 3.5, 8.5 seconds and every 5 s after', async (t) => {
  const { clock, sent, client } = bench()
  const times: number[] = []
  const work = t.throwsAsync(client.echo('hello', seconds(30)), { message: /did not answer by frames within 30 s/ })
  for (let passed = 0; passed < 30_000; passed += 500) {
    while (times.length < sent.length) times.push(passed)
    await clock.advance(milliseconds(500))
  }
  await work
  t.deepEqual(times, [0, 500, 1500, 3500, 8500, 13_500, 18_500, 23_500, 28_500])
  t.deepEqual(new Set(sent.map((each) => JSON.stringify(each))).size, 1)
})

test('a request that takes long on the line is given that time before it is sent again', async (t) => {
  const { clock, sent, client } = bench()
  const work = t.throwsAsync(client.command('ca import', { name: 'a', data: new Uint8Array(32_000) }, { deadline: seconds(9) }))
  await clock.advance(milliseconds(4499))
  t.is(sent.length, 1)
  await clock.advance(milliseconds(100))
  t.is(sent.length, 2)
  await clock.advance(seconds(5))
  await work
})

test('sequence numbers go round without taking one that is still waited for', async (t) => {
  const { sent, client, reply } = bench()
  const slow = client.command('whoami')
  for (let n = 1; n <= 300; n += 1) {
    const quick = client.command('whoami')
    reply(sent.at(-1)!, n, 'quick')
    await quick
  }
  t.false(sent.slice(1).some(({ sequence }) => sequence === sent[0]!.sequence))
  reply(sent[0]!, 0, 'slow')
  t.is((await slow).account, 'slow')
})

test('a closed client fails what is waited for and what comes after', async (t) => {
  const { clock, client } = bench()
  const work = t.throwsAsync(client.echo('hello'), { message: /line was closed/ })
  client.close()
  await work
  await t.throwsAsync(client.echo('hello'), { message: /line was closed/ })
  t.deepEqual(clock.timers(), [])
})
