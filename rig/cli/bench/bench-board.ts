import { fileURLToPath } from 'node:url'
import { PlatenError } from '../../../protocol/errors.js'
import type { BenchBoard } from '../../bench/index.js'
import { capturedLines, LineNoise, ProcessBoard, SerialBoard, switchedBy, type CapturedPiece, type ProcessBoardOptions, type SerialBoardOptions } from '../../boards/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { newChallenge } from '../../scep-server/index.js'

const firmware = fileURLToPath(new URL('../../../firmware/main.js', import.meta.url))

export interface OpenOptions extends Pick<ProcessBoardOptions, 'maxKeys' | 'mqtt'>, Pick<SerialBoardOptions, 'onLog'> {
  readonly onPiece: (piece: CapturedPiece) => void
}

/** A board of a bench with the rig at its line. */
export interface OpenBoard {
  readonly board: SerialBoard
  readonly password: string
  readonly noise: LineNoise
  /** Leaves it as it is; what was made for it goes. */
  readonly close: () => Promise<void>
}

/**
 * A board on its line as it stands there, or a process that is made for it. It is off, or on and left alone so far.
 * @param options.mqtt, options.maxKeys of a process; a board on a line has its own
 * @throws missing-field without a password
 */
export async function openBoard(platform: RigPlatform, given: BenchBoard, options: OpenOptions): Promise<OpenBoard> {
  const password = await passwordOf(platform, given)
  const { onPiece, onLog } = options
  const noise = new LineNoise(platform.lines, platform.clock)
  const onLines = { ...platform, lines: capturedLines(noise.lines, platform.clock, onPiece) }
  const { name, drive, baudRate, https } = given
  const common = { name, drive, ...onLog === undefined ? {} : { onLog } }
  if (given.serial !== undefined) {
    const power = given.power === undefined ? {} : { power: switchedBy(platform, given.power, name) }
    const board = new SerialBoard(onLines, { ...common, path: given.serial, baudRate, ...power, ...https === undefined ? {} : { https } })
    const close = (): Promise<void> => {
      board.detach()
      return Promise.resolve()
    }
    return { board, password, noise, close }
  }
  const { process, remove } = await makeProcess(platform, name, options)
  const power = { on: () => process.start(), off: () => process.powerOff(), cut: () => process.cutPower() }
  const board = new SerialBoard(onLines, { ...common, path: process.line.hostPath, power, https: process.https })
  return {
    board, password, noise,
    close: async () => {
      board.detach()
      await process.dispose()
      await remove()
    },
  }
}

async function makeProcess(platform: RigPlatform, name: string, { maxKeys, mqtt }: OpenOptions): Promise<{ readonly process: ProcessBoard; readonly remove: () => Promise<void> }> {
  const directory = await platform.files.temporaryDirectory('platen-bench')
  const process = await ProcessBoard.create(platform, {
    name, directory: directory.path, firmware, ...mqtt === undefined ? {} : { mqtt },
    // Its identity on the broker takes one place more.
    ...maxKeys === undefined ? {} : { maxKeys: maxKeys + (mqtt === undefined ? 0 : 1) },
  })
  return { process, remove: () => directory.remove() }
}

/** A process is new each time; a board on a bench keeps its password. */
async function passwordOf({ files, random }: RigPlatform, { name, process, passwordFile }: BenchBoard): Promise<string> {
  if (process === true) return newChallenge(random)
  const [line = ''] = Buffer.from((passwordFile === undefined ? undefined : await files.read(passwordFile)) ?? []).toString('utf8').split(/\r?\n/u)
  if (line === '') throw new PlatenError('missing-field', `the bench file has no password for the board ${name}: boards.${name}.passwordFile ${passwordFile === undefined ? 'is missing' : 'cannot be read or is empty'}`, { fix: "Name a file whose first line is the administrator's password." })
  return line
}
