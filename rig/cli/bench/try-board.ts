import { fileURLToPath } from 'node:url'
import { CHALLENGE_PROMPT } from '../../../protocol/commands/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import type { BenchBoard } from '../../bench/index.js'
import { ProcessBoard, SerialBoard, type Board } from '../../boards/index.js'
import type { RigPlatform } from '../../platform/index.js'
import { newChallenge } from '../../scep-server/index.js'
import type { BenchServer } from './server.js'

export interface TryOptions {
  /** Names the key that is made and deleted again. */
  readonly run: string
  readonly server: BenchServer
  readonly cutPower: boolean
  readonly tell: (line: string) => void
}

/**
 * The main job on one board, without touching what it serves: it gets a certificate for a key of its own name, shows
 * that it has it (after a power cut too, where that is asked for), and deletes it again.
 * @param platform whose lines may be captured
 * @throws whatever the board answered, or that it did not
 */
export async function tryBoard(platform: RigPlatform, board: BenchBoard, options: TryOptions): Promise<void> {
  const password = await passwordOf(platform, board)
  if (board.serial !== undefined) {
    const { name, serial: path, baudRate, https, power } = board
    const onBench = new SerialBoard(platform, { name, path, baudRate, ...https === undefined ? {} : { https }, ...power === undefined ? {} : { power } })
    return mainJob(onBench, password, options).finally(() => onBench.detach())
  }
  const directory = await platform.files.temporaryDirectory('platen-bench')
  const firmware = fileURLToPath(new URL('../../../firmware/main.js', import.meta.url))
  try {
    const running = await ProcessBoard.create(platform, { name: board.name, directory: directory.path, firmware })
    await mainJob(running, password, options).finally(() => running.dispose())
  } finally {
    await directory.remove()
  }
}

async function mainJob(board: Board, password: string, { run, server, cutPower, tell }: TryOptions): Promise<void> {
  const keyName = `bench-${run}`
  await board.powerOn()
  await board.attend(password)
  tell('signed in')
  await does(board, `comm set url=${server.url.replace(/:\d+(?=\/)/u, '')} port=${server.port} policy=${server.policy}`)
  const { fingerprint } = await does(board, 'ca fetch')
  if (fingerprint?.replaceAll(':', '').toLowerCase() !== server.fingerprint) {
    throw new PlatenError('ca-mismatch', `the board ${board.name} was shown the CA ${fingerprint ?? '?'}, the server has ${server.fingerprint}`, { fix: 'Something stands between the board and the server.' })
  }
  await does(board, `ca pin ${server.fingerprint}`)
  await does(board, `request key-name=${keyName} cn=${board.https.host || '127.0.0.1'}`, server.challenge)
  tell('has its certificate')
  if (cutPower) {
    await board.cutPower()
    await board.powerOn()
    await board.attend(password)
    await does(board, `keys show ${keyName}`)
    tell('has it still after a power cut')
  }
  await does(board, `keys delete ${keyName}`)
}

/** A process is new each time; a board on a bench keeps its password. */
async function passwordOf({ files, random }: RigPlatform, { name, process, passwordFile }: BenchBoard): Promise<string> {
  if (process === true) return newChallenge(random)
  const [line = ''] = Buffer.from((passwordFile === undefined ? undefined : await files.read(passwordFile)) ?? []).toString('utf8').split(/\r?\n/u)
  if (line === '') throw new PlatenError('missing-field', `the bench file has no password for the board ${name}: boards.${name}.passwordFile ${passwordFile === undefined ? 'is missing' : 'cannot be read or is empty'}`, { fix: "Name a file whose first line is the administrator's password." })
  return line
}

async function does(board: Board, line: string, challenge?: string): Promise<Readonly<Record<string, string>>> {
  const { result } = await board.command(line, challenge === undefined ? {} : { answers: { [CHALLENGE_PROMPT]: challenge } })
  if (!result.ok) throw new PlatenError(result.code, `${board.name}: ${line.split(' ', 2).join(' ')}: ${result.message}`, { fix: result.fix })
  return result.values
}
