import test, { type ExecutionContext } from 'ava'
import { PlatenError } from '../../protocol/errors.js'
import { responseTopic, topicsOf, writePayload } from '../../protocol/mqtt/index.js'
import { seconds, type Clock } from '../../protocol/time.js'
import { VirtualClock } from '../../rig/boards/index.js'
import { startEmbeddedBroker, type EmbeddedBroker } from '../../rig/broker/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'
import { agentOn, authority, authorityCrl, brokerOptions, controllerOn, credentialsOf, noCrossDelivery, noReplayIsExecuted, noSecretComesBack, progressComesToItsController, site, target } from '../support/broker-suite.js'

const platform = linuxPlatform()
const devices = Array.from({ length: 20 }, (_, index) => `printer-${index}`)
const [device = ''] = devices

async function broker(t: ExecutionContext, clock: Clock = platform.clock): Promise<EmbeddedBroker> {
  const started = await startEmbeddedBroker({ ...platform, clock }, brokerOptions(devices))
  t.teardown(() => started.close())
  return started
}

test.serial('rig.md MQTT, embedded broker: 20 devices and hostile topics, 0 cross-deliveries', async (t) => {
  t.true(await noCrossDelivery(t, platform, await broker(t), devices) > 1000)
})

test.serial('rig.md MQTT, embedded broker: 0 of 200 replays are executed, across a restart', async (t) => {
  await noReplayIsExecuted(t, platform, await broker(t), device, 200)
})

test.serial('device.md 3, embedded broker: a planted challenge is refused and comes back from nowhere', async (t) => {
  await noSecretComesBack(t, platform, await broker(t), device)
})

test.serial('the progress of a command comes to its controller before the answer, embedded broker', async (t) => {
  await progressComesToItsController(t, platform, await broker(t), device)
})

test.serial('a client without a certificate of the CA, or with one that nobody knows, does not get in', async (t) => {
  const { port } = await broker(t)
  const stranger = { host: '127.0.0.1', port, trustAnchors: [authority], sessionSeconds: 0, keepAliveSeconds: 30, timeout: seconds(10), onMessage: () => undefined }
  for (const [clientId, credentials] of [['nobody', credentialsOf('nobody')], [device, credentialsOf('printer-1')], [device, { ...credentialsOf(device), chain: [authority] }]] as const) {
    await t.throwsAsync(Promise.resolve().then(() => platform.mqtt.connect({ ...stranger, clientId, credentials })))
  }
  const untrusted = await t.throwsAsync(platform.mqtt.connect({ ...stranger, clientId: device, credentials: credentialsOf(device), trustAnchors: credentialsOf('x').chain }), { instanceOf: PlatenError })
  t.is(untrusted.code, 'tls-untrusted')
})

test.serial('a broker whose certificate is on the CRL beside its trust anchors is refused, any other is not', async (t) => {
  const { port } = await broker(t)
  const options = { host: '127.0.0.1', port, clientId: device, credentials: credentialsOf(device), trustAnchors: [authority], sessionSeconds: 0, keepAliveSeconds: 30, timeout: seconds(10), onMessage: () => undefined }
  const link = await platform.mqtt.connect({ ...options, crls: [authorityCrl('03')] })
  await link.end()
  const error = await t.throwsAsync<PlatenError>(platform.mqtt.connect({ ...options, crls: [authorityCrl('02')] }), { code: 'tls-untrusted' })
  t.is(error.facts['reason'], 'CERT_REVOKED')
})

test.serial('a network that fails shows as the will; the board comes back by itself with the same boot id and answers again', async (t) => {
  const running = await broker(t)
  const controller = await controllerOn(t, platform, running)
  await agentOn(t, platform, running, device)
  const { state } = topicsOf({ site, device })
  const is = (wanted: string) => ({ topic, payload }: { readonly topic: string; readonly payload: Uint8Array }): boolean => topic === state && (JSON.parse(Buffer.from(payload).toString()) as { state: string }).state === wanted
  await controller.message('online', is('online'))
  running.kick(device)
  await controller.message('lost', is('lost'))
  t.true((await controller.command(device, 'status')).ok, 'the command waits at the broker until the board is back')
  t.is(controller.transcript.filter(is('online')).length, 2)
})

test.serial('a command past its expiry is not delivered to a board that comes late', async (t) => {
  const clock = new VirtualClock(0)
  const running = await broker(t, clock)
  const controller = await controllerOn(t, platform, running)
  const first = await agentOn(t, platform, running, device)
  await first.agent.close('stopped')
  await controller.send({ topic: topicsOf({ site, device }).command('status'), payload: writePayload({}), retain: false, expirySeconds: 30, responseTopic: responseTopic({ site, device }, 'rig'), correlationData: Buffer.from('late') })
  await clock.advance(seconds(30))
  const second = await agentOn(t, platform, running, device)
  t.true((await controller.command(device, 'whoami')).ok)
  t.deepEqual(second.ran, ['whoami'])
})

test.serial('the embedded broker takes no retained command', async (t) => {
  const running = await broker(t)
  const controller = await controllerOn(t, platform, running)
  const error = await t.throwsAsync(controller.send({ topic: topicsOf({ site, device }).command('restart'), payload: writePayload({}), retain: true, responseTopic: responseTopic({ site, device }, 'rig') }), { instanceOf: PlatenError })
  t.is(error.code, 'permission-denied')
})

test.serial('two controllers see their own answers alone', async (t) => {
  const running = await broker(t)
  const [rig, other] = [await controllerOn(t, platform, running), await controllerOn(t, platform, running, 'other')]
  await agentOn(t, platform, running, device)
  t.true((await rig.command(device, 'status')).ok)
  t.true((await other.command(device, 'status')).ok)
  const answersOf = ({ transcript }: typeof rig) => transcript.filter(({ direction, topic }) => direction === 'received' && topic.includes('/_r/')).map(({ topic }) => topic)
  t.deepEqual(answersOf(rig), [responseTopic({ site, device }, 'rig')])
  t.deepEqual(answersOf(other), [responseTopic({ site, device }, 'other')])
  t.is(target(running, 'rig').port, running.port)
})
