import { CHALLENGE_PROMPT } from '../../protocol/commands/index.js'
import { hours } from '../../protocol/time.js'
import { VirtualWorld } from '../scenarios/index.js'
import { checkScript, startScepServer, type FaultScript } from '../scep-server/index.js'
import { challenge } from './subject.js'
import { Witness, type Observed } from './witness.js'

const password = 'the rig signs in with this'

/**
 * The firmware in this process over a virtual day: a timed request, and a day later its renewal.
 * @param later what the server does from the first certificate on
 */
export async function renewal(seed: string, later: FaultScript): Promise<readonly Observed[]> {
  const world = new VirtualWorld(seed)
  const witness = new Witness()
  const server = await startScepServer({ platform: { ...world.server, listenHttp: witness.around(world.server.listenHttp) }, onExchange: witness.take })
  witness.holder = server.authority.encryption
  try {
    const { board } = await world.makeBoard({ name: 'board', onLog: () => undefined }, password)
    await board.powerOn()
    await board.signIn(password)
    const start = new Date(Math.ceil(world.time.wall() / 60_000) * 60_000 + 600_000).toISOString().replace(/\.\d+/u, '')
    await board.command(`comm set url=http://127.0.0.1/scep port=${server.port}`)
    await board.command(`ca pin ${server.fingerprint}`)
    await board.command(`timer set start=${start} adjust=no every=1 key-name=web cn=printer.example.com use=tls`, { answers: { [CHALLENGE_PROMPT]: challenge } })
    const pass = (): Promise<void> => world.settle(new Promise((resolve) => void world.time.after('conformance: wait', hours(13), resolve)))
    await pass()
    server.setScript(checkScript(later))
    await pass()
    return witness.seen
  } finally {
    await world.close()
    await server.close()
  }
}
