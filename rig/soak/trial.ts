import { CHALLENGE_PROMPT } from '../../protocol/commands/index.js'
import { asPlatenError } from '../../protocol/errors.js'
import { certificatePem } from '../../protocol/pem.js'
import { VirtualBroker, type VaryPlatform } from '../boards/index.js'
import { VirtualWorld } from '../scenarios/index.js'
import { startScepServer } from '../scep-server/index.js'
import type { SoakFailure } from './failure.js'
import { Ordeal, password, place } from './ordeal.js'
import { checkSchedule, type Schedule } from './schedule.js'
import { TroubledBoard } from './troubled-board.js'

export interface TrialResult {
  readonly failure: SoakFailure | undefined
  /** What the board answered, in order. */
  readonly said: readonly string[]
}

/** Room for every key that a schedule can bring. */
const maxKeys = 24
const anchors = '/broker-ca.pem'

/**
 * One board under one schedule of faults, on virtual time: requests, polls and power cuts by the seed, and then all is
 * well again.
 * @param vary firmware that is to be found out
 * @throws config-invalid when the schedule is none
 */
export async function trial(schedule: Schedule, seed: string, vary: VaryPlatform = (ports) => ports): Promise<TrialResult> {
  const { script, board: faults } = checkSchedule(schedule)
  // The world is made with the firmware that it will start, and the broker needs the world's time.
  const late: { troubled?: TroubledBoard } = {}
  const world = new VirtualWorld(seed, (ports, boot) => vary(late.troubled?.vary(ports) ?? ports, boot))
  const broker = new VirtualBroker(world.time)
  const troubled = late.troubled = new TroubledBoard(broker, seed)
  const server = await startScepServer({ platform: world.server })
  const said: string[] = []
  try {
    const { board } = await world.makeBoard({ name: 'board', maxKeys, onLog: () => undefined, mqtt: { broker: 'mqtts://broker.example', ...place, trustAnchors: anchors } }, password)
    await board.disk.create(anchors, Buffer.from(certificatePem(server.authority.ca.der)))
    await board.disk.syncFile(anchors)
    await board.disk.syncDirectory('/')
    await board.powerOn()
    const ordeal = new Ordeal({ world, board, broker, troubled, server, seed, said })
    for (const line of [
      `comm set url=http://127.0.0.1/scep port=${server.port}`, `ca pin ${server.fingerprint}`,
      'request key-name=before cn=printer.example.com use=tls', `request key-name=id cn=${place.device} use=mqtt`,
    ]) {
      if ((await ordeal.says(line, { [CHALLENGE_PROMPT]: '' }))?.ok !== true) return { said, failure: { name: 'broken', message: `the board does not work without any fault: ${said.at(-1) ?? ''}` } }
    }
    return { said, failure: await ordeal.suffer(script, faults) }
  } catch (error) {
    const { code, message } = asPlatenError(error)
    return { said, failure: { name: 'broken', message: `the board's console broke: ${message} [${code}]` } }
  } finally {
    await world.close()
    await server.close()
  }
}
