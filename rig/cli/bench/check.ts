import { asPlatenError, PlatenError } from '../../../protocol/errors.js'
import { BrokenBoards, Leases, type Bench, type BenchBoard } from '../../bench/index.js'
import { SerialBoard } from '../../boards/index.js'
import { findContainerEngine, scepImage } from '../../peers/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { askServer } from './server.js'

/** How a part of the bench was found. */
export interface PartReport {
  readonly part: string
  readonly good: boolean
  readonly says: string
  /** What to do about it; empty when it is good. */
  readonly fix: string
}

/** Looks at each part of a bench, one after the other, and changes nothing. */
export async function checkBench(platform: RigPlatform, bench: Bench): Promise<readonly PartReport[]> {
  const checks: readonly (readonly [part: string, check: () => Promise<string>])[] = [
    ...bench.boards.map((board) => [`board ${board.name}`, () => checkBoard(platform, bench, board)] as const),
    ['SCEP server', () => checkServer(platform, bench)],
    ['broker', () => checkBroker(platform, bench)],
  ]
  const reports: PartReport[] = []
  for (const [part, check] of checks) {
    reports.push(await check().then(
      (says) => ({ part, good: true, says, fix: '' }),
      (error: unknown) => {
        const { message, code, fix } = asPlatenError(error)
        return { part, good: false, says: `${message} [${code}]`, fix }
      },
    ))
  }
  return reports
}

async function checkBoard(platform: RigPlatform, bench: Bench, board: BenchBoard): Promise<string> {
  await new BrokenBoards(platform, bench.state).mustBeWhole(board.name)
  const holder = await new Leases(platform, bench.state).holder(board.name)
  if (holder !== undefined) return `in use by run ${holder.run} on ${holder.host}`
  if (board.serial === undefined) return `the built firmware as a process, on a ${await platform.processes.has('socat') ? 'pty' : 'socket (a pty needs socat)'}`
  if (board.power !== undefined) await must(platform, board.power.on[0] ?? '')
  const onBench = new SerialBoard(platform, { name: board.name, path: board.serial, baudRate: board.baudRate })
  try {
    await onBench.powerOn()
  } finally {
    onBench.detach()
  }
  return `its console answers on ${board.serial}${board.power === undefined ? '; the rig has no control of its power' : ''}`
}

async function checkServer({ processes, http }: RigPlatform, { scep }: Bench): Promise<string> {
  switch (scep.kind) {
    case 'embedded': return "the rig's own, started with each run"
    case 'process':
      await must({ processes }, 'scepserver', 'scep')
      return "Debian's scepserver is here"
    case 'container': {
      const engine = await findContainerEngine(processes)
      const there = await engine.succeed(['image', 'inspect', scepImage]).then(() => true, () => false)
      return `${engine.name} ${engine.version} is here; the image ${scepImage} is ${there ? 'here' : 'built at the first run'}`
    }
    case 'url': {
      const { url = '', fingerprint = '' } = scep
      const asked = await askServer(http, url)
      if (asked.fingerprint === fingerprint) return `${url} answers; CA fingerprint ${asked.fingerprint}`
      throw new PlatenError('ca-mismatch', `${url} answers with the CA ${asked.fingerprint}, the bench file says ${fingerprint}`, { fix: 'Ask whoever runs the server which is right.' })
    }
  }
}

async function checkBroker({ processes, lines }: RigPlatform, { broker: { kind, url = '' } }: Bench): Promise<string> {
  if (kind === 'none') return 'none is asked for'
  if (kind === 'embedded') return "the rig's own, started with each run"
  if (kind === 'process') {
    await must({ processes }, 'mosquitto')
    return 'mosquitto is here'
  }
  const { hostname, port, protocol } = new URL(url)
  const line = await lines.open(`tcp://${hostname}:${port === '' ? (protocol === 'mqtts:' ? 8883 : 1883) : port}`).catch((cause: unknown) => {
    throw new PlatenError('connect-failed', `the broker ${url} cannot be reached`, { fix: 'Start it, and check address, port and firewall.', cause })
  })
  line.destroy()
  return `${url} can be reached`
}

async function must({ processes }: Pick<RigPlatform, 'processes'>, command: string, packageName = command): Promise<void> {
  if (!await processes.has(command)) throw new PlatenError('connect-failed', `${command} is not here`, { fix: `Install the Debian package ${packageName}.` })
}
