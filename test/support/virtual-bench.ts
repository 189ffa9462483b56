import type { ExecutionContext } from 'ava'
import { serverKeys, seededRandom, VirtualBoard, VirtualClock, VirtualNetwork, type VirtualBoardOptions } from '../../rig/boards/index.js'
import { startScepServer, type ScepServer } from '../../rig/scep-server/index.js'

/** A board in this process, signed in, and a server that it reaches without sockets; both end with the test. */
export async function virtualBench(t: ExecutionContext, options: Partial<VirtualBoardOptions> = {}): Promise<{ clock: VirtualClock; board: VirtualBoard; server: ScepServer; log: { line: string; at: number }[] }> {
  const clock = new VirtualClock(Date.UTC(2027, 2, 1, 8))
  const network = new VirtualNetwork()
  const server = await startScepServer({ platform: { clock, random: seededRandom('server').bytes, keys: serverKeys(), listenHttp: network.listenHttp, files: undefined as never } })
  const log: { line: string; at: number }[] = []
  const board = new VirtualBoard({ name: 'board', clock, network, seed: 'test', onLog: (line, at) => log.push({ line, at }), ...options })
  t.teardown(() => board.cutPower())
  await board.setPassword(virtualPassword)
  await board.powerOn()
  await board.signIn(virtualPassword)
  return { clock, board, server, log }
}

export const virtualPassword = 'a password for tests'

/** Types a command that has to work. */
export async function succeeds(t: ExecutionContext, board: VirtualBoard, line: string): Promise<Readonly<Record<string, string>>> {
  const { result } = await board.command(line, { answers: { 'Challenge Password (empty for none): ': '' } })
  t.true(result.ok, `${line}: ${result.ok ? '' : result.message}`)
  return result.ok ? result.values : {}
}

export async function connectVirtual(t: ExecutionContext, board: VirtualBoard, server: ScepServer): Promise<void> {
  await succeeds(t, board, `comm set url=http://127.0.0.1/scep port=${server.port} timeout=5`)
  await succeeds(t, board, 'ca fetch')
  await succeeds(t, board, `ca pin ${server.fingerprint}`)
}
