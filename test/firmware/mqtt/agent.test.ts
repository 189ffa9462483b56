import test from 'ava'
import { PlatenError } from '../../../protocol/errors.js'
import { milliseconds, minutes, seconds } from '../../../protocol/time.js'
import { agentBench, body, connectedAgent, credentials, place, told } from '../../support/mqtt-agent.js'

const own = `mfp/1/${place.site}/${place.device}`

test('until a key has the use mqtt the agent is off: no try, no timer', async (t) => {
  const bench = await agentBench()
  bench.agent.begin(bench.work)
  await bench.clock.advance(minutes(60))
  t.is(bench.mqtt.tries, 0)
  t.deepEqual(bench.clock.timers(), [])
})

test('rig.md MQTT: connected, it subscribes to its own commands alone, and state, info and cert stand retained; the will is {lost, boot id}', async (t) => {
  const { mqtt, agent } = await connectedAgent()
  const { link } = mqtt
  t.deepEqual(link.filters, [`${own}/cmd/#`])
  t.deepEqual(link.published.filter(({ retain }) => retain).map(({ topic }) => topic), [`${own}/state`, `${own}/info`, `${own}/cert`])
  t.is(body(link.published[0]!)['state'], 'online')
  t.is(link.options.will!.topic, `${own}/state`)
  t.deepEqual(JSON.parse(Buffer.from(link.options.will!.payload).toString()), { state: 'lost', bootId: '1a2b3c4d' })
  await agent.close('stopped')
})

test('rig.md MQTT: events carry boot id, monotonic ms and a number without gaps, also those from the time without a connection', async (t) => {
  const bench = await connectedAgent()
  const { mqtt, clock, agent } = bench
  mqtt.fails = new PlatenError('connect-failed', 'away')
  mqtt.link.drop('pulled')
  await clock.advance(milliseconds(100))
  agent.tell('first', { a: 1 })
  await clock.advance(milliseconds(150))
  agent.tell('second', {})
  mqtt.fails = undefined
  await clock.advance(minutes(5))
  const events = mqtt.published.filter(({ topic }) => topic.includes('/evt/'))
  t.true(events.every(({ qos, retain }) => qos === 1 && !retain))
  const bodies = events.map(body)
  t.deepEqual(bodies.map(({ sequence }) => sequence), bodies.map((_, index) => index + 1))
  t.true(bodies.every(({ bootId }) => bootId === '1a2b3c4d'))
  t.deepEqual(told(bench, '/evt/first').map(({ monotonic, facts }) => ({ monotonic, facts })), [{ monotonic: 100, facts: { a: 1 } }])
  t.is(told(bench, '/evt/second')[0]!['monotonic'], 250)
  await agent.close('stopped')
})

test('the queue for a broker that is away is bounded: the newest 500 are kept, and the numbers show what was lost', async (t) => {
  const bench = await agentBench()
  bench.agent.begin(bench.work)
  for (let each = 1; each <= 2000; each += 1) bench.agent.tell('many', { each })
  await bench.agent.use(credentials)
  await bench.rest()
  const numbers = bench.mqtt.published.filter(({ topic }) => topic.includes('/evt/')).map((publication) => body(publication)['sequence'] as number)
  t.true(numbers.length <= 500 && numbers.length >= 498, String(numbers.length))
  // The one that is on its way is not taken back; behind it stand the newest.
  t.deepEqual(numbers.slice(1), numbers.slice(1).map((_, index) => numbers[1]! + index))
  t.true(numbers.at(-1)! >= 2000)
  await bench.agent.close('stopped')
})

test('it comes back with a back-off that doubles to five minutes, each drawn from its upper half', async (t) => {
  const { mqtt, clock, draws, agent } = await connectedAgent()
  mqtt.fails = new PlatenError('connect-failed', 'away')
  mqtt.link.drop('pulled')
  await clock.advance(minutes(30))
  t.deepEqual(draws.slice(0, 11).map(([, high]) => high), [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000])
  t.true(draws.every(([low, high]) => low === high / 2))
  await agent.close('stopped')
  t.deepEqual(clock.timers(), [])
})

test('a broker that accepts and then throws the board out at once does not make it hurry', async (t) => {
  const { mqtt, clock, draws, agent } = await connectedAgent()
  for (const wait of [1, 2, 4, 8]) {
    mqtt.link.drop('kicked')
    await clock.advance(seconds(wait))
  }
  t.deepEqual(draws.map(([, high]) => high), [1000, 2000, 4000, 8000])
  await clock.advance(minutes(1))
  mqtt.link.drop('after a minute')
  await clock.advance(seconds(1))
  t.is(draws.at(-1)![1], 1000)
  await agent.close('stopped')
})

test('a renewed key: the old connection ends in good order, the next shows the new certificate, and nothing is lost', async (t) => {
  const bench = await connectedAgent()
  const { mqtt, agent } = bench
  const before = mqtt.link
  const renewed = { ...credentials, chain: credentials.chain.slice(0, 1) }
  const turned = agent.use(renewed)
  agent.tell('between', {})
  await turned
  await agent.connected()
  t.true(before.ended)
  t.is(mqtt.links.length, 2)
  t.is(mqtt.link.options.credentials, renewed)
  await bench.rest()
  t.is(told(bench, '/evt/between').length, 1)
  await agent.close('stopped')
})

test('the probe of a new key fails when the broker refuses it, and goes on failing no timer', async (t) => {
  const { mqtt, agent, clock } = await connectedAgent()
  mqtt.fails = new PlatenError('permission-denied', 'unknown here')
  await agent.use(credentials)
  const probed = t.throwsAsync(agent.connected(), { instanceOf: PlatenError })
  await clock.advance(seconds(2))
  t.is((await probed).code, 'permission-denied')
  await agent.use(undefined)
  t.deepEqual(clock.timers(), [])
  t.is((await t.throwsAsync(agent.connected(), { instanceOf: PlatenError })).code, 'connect-failed')
})

test('an end in good order says why, and what waited goes out first', async (t) => {
  for (const [reason, give] of [['restart', 'restart'], ['stopped', 'stopped']] as const) {
    const bench = await connectedAgent()
    bench.agent.tell('last', {})
    await bench.agent.close(give)
    t.is(told(bench, '/evt/last').length, 1)
    t.is(told(bench, '/state').at(-1)!['reason'], reason)
    t.deepEqual(bench.clock.timers(), [])
  }
})

test('a broker that answers no more does not hold up the end for more than a few seconds', async (t) => {
  const { mqtt, agent, clock } = await connectedAgent()
  mqtt.link.answer = () => new Promise(() => undefined)
  agent.tell('last', {})
  await clock.until(agent.close('stopped'))
  t.true(clock.monotonic() <= 4000)
})

test('a key that is taken away leaves the state off, not lost', async (t) => {
  const bench = await connectedAgent()
  await bench.agent.use(undefined)
  t.like(told(bench, '/state').at(-1), { state: 'off', reason: 'identity taken away' })
  t.deepEqual(bench.clock.timers(), [])
})

test('device.md 5: each move of a request is one event, and cert shows the newest; what has not changed is not told again', async (t) => {
  const bench = await connectedAgent()
  const { world, rest, log, agent } = bench
  world.requests = [{ id: 1, facts: { request: 1, status: 'Processing...' } }]
  world.cert = { status: 'Processing...', details: '', uses: [] }
  world.changed()
  world.changed()
  world.requests = [{ id: 1, facts: { request: 1, status: 'Successful' } }]
  world.cert = { status: 'Successful', details: '', serial: '0a', notAfter: '2028-01-01T00:00:00Z', uses: [] }
  world.changed()
  log.info('a line')
  await rest()
  t.deepEqual(told(bench, '/evt/request').map(({ facts }) => facts), [{ request: 1, status: 'Processing...' }, { request: 1, status: 'Successful' }])
  t.deepEqual(told(bench, '/cert').map(({ status }) => status).at(-1), 'Successful')
  t.is(told(bench, '/cert').filter(({ status }) => status === 'Successful').length, 1)
  await agent.close('stopped')
})
