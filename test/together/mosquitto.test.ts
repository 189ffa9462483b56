import { startMosquitto } from '../../rig/peers/index.js'
import type { Broker } from '../../rig/broker/index.js'
import type { ExecutionContext } from 'ava'
import { folder, platform } from '../support/board-under-test.js'
import { brokerOptions, noCrossDelivery, noReplayIsExecuted, noSecretComesBack, progressComesToItsController } from '../support/broker-suite.js'
import { part } from '../support/parts.js'

const mosquitto = part('mosquitto')
const devices = Array.from({ length: 20 }, (_, index) => `printer-${index}`)
const [device = ''] = devices

async function broker(t: ExecutionContext): Promise<Broker> {
  const started = await startMosquitto(platform, { ...brokerOptions(devices), directory: await folder(t) })
  t.teardown(() => started.close())
  return started
}

mosquitto.test('rig.md MQTT, mosquitto with the generated ACL file: 20 devices and hostile topics, 0 cross-deliveries', async (t) => {
  t.true(await noCrossDelivery(t, platform, await broker(t), devices) > 1000)
})

mosquitto.test('rig.md MQTT, mosquitto: 0 of 10,000 replays are executed, across a restart', async (t) => {
  await noReplayIsExecuted(t, platform, await broker(t), device, 10_000)
})

mosquitto.test('device.md 3, mosquitto: a planted challenge is refused and comes back from nowhere', async (t) => {
  await noSecretComesBack(t, platform, await broker(t), device)
})

mosquitto.test('the progress of a command comes to its controller before the answer, mosquitto', async (t) => {
  await progressComesToItsController(t, platform, await broker(t), device)
})
