import type { ExecutionContext } from 'ava'
import { certPayload, readPayload, statePayload, topicsOf, type StatePayload } from '../../protocol/mqtt/index.js'
import { certificatePem } from '../../protocol/pem.js'
import type { MqttController, MqttRecord } from '../../rig/boards/index.js'
import { startMosquitto } from '../../rig/peers/index.js'
import { startScepServer } from '../../rig/scep-server/index.js'
import { boardUnderTest, connectBoard, does, folder, password, platform } from '../support/board-under-test.js'
import { authority, brokerOptions, controllerOn, site } from '../support/broker-suite.js'
import { part } from '../support/parts.js'

const mosquitto = part('mosquitto')
const device = 'printer.example.com'
const challenge = 'PLANTED-challenge'
const topics = topicsOf({ site, device })

async function bench(t: ExecutionContext) {
  const server = await startScepServer({ platform, challenge: { mode: 'static', password: challenge } })
  t.teardown(() => server.close())
  const directory = await folder(t)
  const broker = await startMosquitto(platform, { ...brokerOptions([device]), clientAnchors: [authority, server.authority.ca.der], directory })
  t.teardown(() => broker.close())
  const trustAnchors = `${directory}/anchors.pem`
  await platform.files.write(trustAnchors, certificatePem(authority))
  const board = await boardUnderTest(t, { mqtt: { broker: `mqtts://127.0.0.1:${broker.port}`, site, device, trustAnchors } })
  await connectBoard(t, board, server)
  return { board, controller: await controllerOn(t, platform, broker) }
}

const stateOf = ({ payload }: MqttRecord): StatePayload => readPayload(statePayload, payload)
const states = ({ transcript }: MqttController) => transcript.filter(({ direction, topic }) => direction === 'received' && topic === topics.state)
/** A state that came after the first `from` ones. */
const stateAfter = (controller: MqttController, from: number, wanted: StatePayload['state']) =>
  controller.message(`state ${wanted}`, (message) => message.topic === topics.state && states(controller).indexOf(message) >= from && stateOf(message).state === wanted)

mosquitto.test('a new board gets its MQTT identity by a request on the console; then it is driven, restarted, renewed and cut off over mosquitto', async (t) => {
  const { board, controller } = await bench(t)
  t.deepEqual(states(controller), [], 'until a key has the use mqtt, the agent is off')
  t.like(await does(t, board, `request key-name=id cn=${device} use=mqtt`, challenge), { status: 'Successful', enabled: 'true' })
  const first = stateOf(await stateAfter(controller, 0, 'online'))
  const status = await controller.command(device, 'status')
  t.true(status.ok && status.bootId === first.bootId)

  const doing: string[] = []
  t.true((await controller.command(device, 'ca fetch', {}, { progress: (text) => doing.push(text) })).ok)
  t.deepEqual(doing, ['Asking the server for its CA …'])

  let seen = states(controller).length
  const key = Buffer.from('one restart')
  const restart = await controller.command(device, 'restart', { reason: 'over MQTT' }, { key })
  t.true(restart.ok)
  t.like(stateOf(await stateAfter(controller, seen, 'off')), { reason: 'restart' })
  const second = stateOf(await stateAfter(controller, seen, 'online'))
  t.not(second.bootId, first.bootId)
  t.deepEqual(await controller.command(device, 'restart', { reason: 'over MQTT' }, { key }), restart, 'the replay has the answer of the boot before')
  const after = await controller.command(device, 'status')
  t.true(after.ok && after.bootId === second.bootId && String(after.reply['restart-reason']).includes('over MQTT'))

  await board.restarted()
  await board.signIn(password)
  seen = states(controller).length
  await does(t, board, `request key-name=renewed cn=${device} use=mqtt`, challenge)
  await stateAfter(controller, seen, 'online')
  const { serial } = await does(t, board, 'keys show renewed')
  await controller.message('the new certificate in cert', ({ topic, payload }) => topic === topics.cert && readPayload(certPayload, payload).uses.some((each) => each.use === 'mqtt' && each.serial === serial))

  seen = states(controller).length
  await board.cutPower()
  t.is(stateOf(await stateAfter(controller, seen, 'lost')).bootId, second.bootId)
  t.false(controller.transcript.some(({ topic, payload }) => `${topic} ${Buffer.from(payload).toString()}`.includes(challenge)))
})
