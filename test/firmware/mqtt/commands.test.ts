import test, { type ExecutionContext } from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import type { MqttMessage } from '../../../protocol/mqtt/index.js'
import { minutes, seconds } from '../../../protocol/time.js'
import { agentBench, commandMessage, connectedAgent, credentials, place, told, without, type AgentBench } from '../../support/mqtt-agent.js'
import { RecordingDisk } from '../../support/recording-disk.js'

const replies = (bench: AgentBench) => told(bench, `/_r/rig/${place.device}`)

/** What a new board answers to one message. */
async function answerTo(t: ExecutionContext, message: MqttMessage) {
  const bench = await connectedAgent()
  bench.mqtt.link.deliver(message)
  await bench.rest()
  const [reply, ...more] = replies(bench)
  t.deepEqual(more, [])
  await bench.agent.close('stopped')
  return { reply, ran: bench.ran }
}

test('a command is done by the one command set, and answered under the Response Topic with its Correlation Data and what is left of its expiry', async (t) => {
  const bench = await connectedAgent()
  bench.world.answer = () => Promise.resolve({ name: 'office' })
  bench.mqtt.link.deliver(commandMessage('keys show', 'k1', { payload: Buffer.from('{"name":"office"}') }))
  await bench.rest()
  t.deepEqual(bench.ran, [{ name: 'keys show', fields: { name: 'office' } }])
  const answer = bench.mqtt.published.find(({ topic }) => topic.includes('/_r/'))!
  t.is(Buffer.from(answer.correlationData!).toString(), 'k1')
  t.like(answer, { qos: 1, retain: false, expirySeconds: 30 })
  t.like(replies(bench)[0], { ok: true, verb: 'keys-show', reply: { name: 'office' }, bootId: '1a2b3c4d' })
  await bench.agent.close('stopped')
})

const good = commandMessage('status', 'k')
const refusals: readonly (readonly [what: string, message: MqttMessage, code: string])[] = [
  ['a retained command', { ...good, retain: true }, 'invalid-value'],
  ['a command without an expiry', without(good, 'expirySeconds'), 'missing-field'],
  ['an expiry of more than an hour', { ...good, expirySeconds: 3601 }, 'invalid-value'],
  ['an expiry of 0', { ...good, expirySeconds: 0 }, 'invalid-value'],
  ['a verb that is none', { ...good, topic: good.topic.replace('status', 'format-c') }, 'unknown-verb'],
  ['a verb with a space', { ...good, topic: good.topic.replace('status', 'keys list') }, 'unknown-verb'],
  ['a verb with more levels', { ...good, topic: `${good.topic}/now` }, 'unknown-verb'],
  ['an empty verb', { ...good, topic: good.topic.replace('status', '') }, 'unknown-verb'],
  ['another device\'s command', { ...good, topic: good.topic.replace(place.device, 'other') }, 'unknown-verb'],
  ['a payload that is no JSON', { ...good, payload: Buffer.from('{') }, 'invalid-value'],
  ['a payload that is no object', { ...good, payload: Buffer.from('["a"]') }, 'invalid-value'],
  ['a payload that is no UTF-8', { ...good, payload: Uint8Array.of(0x22, 0xff, 0x22) }, 'invalid-value'],
  ['a payload of 17 KiB', { ...good, payload: Buffer.from(JSON.stringify({ a: 'x'.repeat(17_000) })) }, 'invalid-value'],
]
for (const [what, message, code] of refusals) {
  test(`${what} is refused, and nothing is done`, async (t) => {
    const { reply, ran } = await answerTo(t, message)
    // What is past its expiry is not answered either.
    if (message.expirySeconds === 0) t.is(reply, undefined)
    else t.like(reply, { ok: false, code })
    t.deepEqual(ran, [])
  })
}

const noAddress: readonly (readonly [what: string, message: MqttMessage])[] = [
  ['no Response Topic', without(good, 'responseTopic')],
  ['no Correlation Data', without(good, 'correlationData')],
  ['empty Correlation Data', { ...good, correlationData: new Uint8Array() }],
  ['65 bytes of Correlation Data', { ...good, correlationData: new Uint8Array(65) }],
  ...[
    `mfp/1/${place.site}/_r/rig/other`, `mfp/1/other/_r/rig/${place.device}`, `mfp/1/${place.site}/_r/rig`, `mfp/1/${place.site}/_r//${place.device}`,
    `mfp/1/${place.site}/_r/+/${place.device}`, `mfp/1/${place.site}/_r/rig/${place.device}/#`, `mfp/1/${place.site}/_r/rig/${place.device}/`,
    `mfp/1/${place.site}/${place.device}/cmd/restart`, '$SYS/broker', '', `mfp/1/${place.site}/_r/rig/${place.device}/${'a'.repeat(300)}`, `mfp/1/${place.site}/_r/rïg/${place.device}`,
  ].map((responseTopic) => [`the Response Topic ${responseTopic.slice(0, 60)}`, { ...good, responseTopic }] as const),
]
for (const [what, message] of noAddress) {
  test(`with ${what} nothing is done and nothing is answered`, async (t) => {
    const { reply, ran } = await answerTo(t, message)
    t.is(reply, undefined)
    t.deepEqual(ran, [])
  })
}

test('device.md 3 and 6: a challenge, a password or a file with a key is not taken over MQTT, and no answer, event or log line repeats it', async (t) => {
  for (const [name, fields] of [['request', { 'key-name': 'a', cn: 'a.example', challenge: 'PLANTED' }], ['password', { current: 'PLANTED', new: 'PLANTED2' }], ['password', {}], ['timer set', { challenge: 'PLANTED' }],
    ['keys import', { name: 'a', data: 'PLANTED' }], ['keys import', { name: 'a' }], ['keys export', { name: 'a', password: 'PLANTED' }], ['keys export', { name: 'a' }]] as const) {
    const bench = await connectedAgent()
    bench.mqtt.link.deliver(commandMessage(name, 'k', { payload: Buffer.from(JSON.stringify(fields)) }))
    await bench.rest()
    t.like(replies(bench)[0], { ok: false, code: 'permission-denied' })
    t.deepEqual(bench.ran, [])
    await bench.agent.close('stopped')
    t.false(bench.mqtt.published.some(({ topic, payload }) => `${topic} ${Buffer.from(payload).toString()}`.includes('PLANTED')))
    t.false(bench.log.recent().some(({ text }) => text.includes('PLANTED')))
    t.false(JSON.stringify([...bench.disk.image()].map(String)).includes('PLANTED'))
  }
})

test('progress is an event with the Correlation Data of its command and its verb, while the command runs; a replay has none', async (t) => {
  const bench = await connectedAgent()
  let end!: (reply: unknown) => void
  bench.world.answer = (_name, progress) => new Promise((resolve) => {
    progress('Asking the server for its CA …')
    end = resolve
  })
  const progress = () => bench.mqtt.published.filter(({ topic }) => topic.endsWith('/evt/progress'))
  bench.mqtt.link.deliver(commandMessage('ca fetch', 'k7'))
  await bench.rest()
  t.is(replies(bench).length, 0)
  t.is(progress().length, 1)
  t.is(Buffer.from(progress()[0]!.correlationData!).toString(), 'k7')
  t.deepEqual(told(bench, '/evt/progress')[0]!['facts'], { verb: 'ca-fetch', controller: 'rig', text: 'Asking the server for its CA …' })
  end({})
  await bench.rest()
  bench.mqtt.link.deliver(commandMessage('ca fetch', 'k7'))
  await bench.rest()
  t.deepEqual([replies(bench).length, progress().length], [2, 1])
  await bench.agent.close('stopped')
})

test('a request without a challenge is taken: not every server asks for one', async (t) => {
  const { ran } = await answerTo(t, commandMessage('request', 'k', { payload: Buffer.from('{"key-name":"a","cn":"a.example"}') }))
  t.is(ran.length, 1)
})

test('rig.md MQTT: 0 of 1,000 replays are executed, each has the first answer, across a restart and a change of the certificate', async (t) => {
  const disk = new RecordingDisk()
  const first = await connectedAgent({ disk })
  first.world.answer = () => Promise.resolve({ once: 'only' })
  for (let each = 0; each < 500; each += 1) first.mqtt.link.deliver(commandMessage('restart', 'same'))
  await first.rest()
  await first.agent.use(credentials)
  await first.rest()
  first.mqtt.link.deliver(commandMessage('restart', 'same'))
  await first.rest()
  await first.agent.close('restart')
  t.is(first.ran.length, 1)
  t.is(replies(first).length, 501)

  const second = await connectedAgent({ disk: new RecordingDisk(disk.image()), bootId: '99999999' })
  for (let each = 0; each < 500; each += 1) second.mqtt.link.deliver(commandMessage('restart', 'same'))
  await second.rest()
  t.is(second.ran.length, 0)
  t.is(new Set([...replies(first), ...replies(second)].map((reply) => JSON.stringify(reply))).size, 1)
  await second.agent.close('stopped')
})

test('a command that a power cut interrupted is not done again: its replay is told that nobody knows its end', async (t) => {
  const disk = new RecordingDisk()
  const first = await connectedAgent({ disk })
  first.world.answer = () => new Promise(() => undefined)
  first.mqtt.link.deliver(commandMessage('keys delete', 'cut'))
  await first.rest()
  t.is(first.ran.length, 1)
  const second = await connectedAgent({ disk: new RecordingDisk(disk.image()) })
  second.mqtt.link.deliver(commandMessage('keys delete', 'cut'))
  await second.rest()
  t.deepEqual(second.ran, [])
  t.like(replies(second)[0], { ok: false, code: 'interrupted' })
  await second.agent.close('stopped')
})

test('the same key with another command, from the same controller, is refused; from another controller it is another key', async (t) => {
  const bench = await connectedAgent()
  bench.mqtt.link.deliver(commandMessage('status', 'k'))
  bench.mqtt.link.deliver(commandMessage('restart', 'k'))
  bench.mqtt.link.deliver(commandMessage('status', 'k', { responseTopic: `mfp/1/${place.site}/_r/other/${place.device}` }))
  await bench.rest()
  t.deepEqual(bench.ran.map(({ name }) => name), ['status', 'status'])
  t.deepEqual(replies(bench).map(({ ok }) => ok).sort(), [false, true])
  await bench.agent.close('stopped')
})

test('after its deadline an answer is not sent, and the command is told to stop waiting', async (t) => {
  const bench = await connectedAgent()
  let end!: (reply: unknown) => void
  bench.world.answer = () => new Promise((resolve) => (end = resolve))
  bench.mqtt.link.deliver(commandMessage('poll', 'slow', { expirySeconds: 5 }))
  await bench.clock.advance(seconds(6))
  end({})
  await bench.rest()
  t.deepEqual(replies(bench), [])
  await bench.agent.close('stopped')
  t.deepEqual(bench.clock.timers(), [])
})

test('eight commands at once, the ninth is told busy and not remembered; a replay of one under way waits for its end', async (t) => {
  const bench = await connectedAgent()
  const ends: ((reply: unknown) => void)[] = []
  bench.world.answer = () => new Promise((resolve) => ends.push(resolve))
  for (let each = 0; each < 9; each += 1) bench.mqtt.link.deliver(commandMessage('status', `k${each}`))
  bench.mqtt.link.deliver(commandMessage('status', 'k0'))
  await bench.rest()
  t.is(bench.ran.length, 8)
  t.deepEqual(replies(bench).map(({ code }) => code), ['busy'])
  for (const end of ends) end({})
  await bench.rest()
  t.is(replies(bench).length, 10)
  bench.world.answer = () => Promise.resolve({})
  bench.mqtt.link.deliver(commandMessage('status', 'k8'))
  await bench.rest()
  t.is(bench.ran.length, 9)
  await bench.agent.close('stopped')
})

test('256 commands are remembered until their deadlines are over: then a new one is refused rather than one forgotten', async (t) => {
  const bench = await connectedAgent()
  for (let each = 0; each < 256; each += 1) {
    bench.mqtt.link.deliver(commandMessage('status', `k${each}`))
    await bench.rest()
  }
  bench.mqtt.link.deliver(commandMessage('status', 'one more'))
  await bench.rest()
  t.like(replies(bench).at(-1), { ok: false, code: 'busy' })
  await bench.clock.advance(minutes(2))
  bench.mqtt.link.deliver(commandMessage('status', 'one more'))
  await bench.rest()
  t.is(bench.ran.length, 257)
  await bench.agent.close('stopped')
})

test('when the disk fails, the command is not done', async (t) => {
  const bench = await connectedAgent()
  bench.disk.create = () => Promise.reject(new PlatenError('disk-failed', 'full'))
  bench.mqtt.link.deliver(commandMessage('restart', 'k'))
  await bench.rest()
  t.deepEqual(bench.ran, [])
  t.like(replies(bench)[0], { ok: false, code: 'disk-failed' })
  await bench.agent.close('stopped')
})

test('what comes before the board can take commands is not lost at the broker\'s cost: nothing connects before', async (t) => {
  const bench = await agentBench()
  await bench.agent.use(credentials)
  t.is(bench.mqtt.tries, 0)
  bench.agent.begin(bench.work)
  await bench.rest()
  t.is(bench.mqtt.tries, 1)
  await bench.agent.close('stopped')
})
