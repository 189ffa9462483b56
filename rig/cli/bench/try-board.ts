import { CHALLENGE_PROMPT } from '../../../protocol/commands/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import type { Board } from '../../boards/index.js'
import type { RigServer } from '../../scenarios/index.js'

export interface TryOptions {
  /** Names the key that is made and deleted again. */
  readonly run: string
  readonly server: RigServer
  readonly cutPower: boolean
  readonly tell: (line: string) => void
}

/**
 * The main job on one board, without touching what it serves: it gets a certificate for a key of its own name, shows
 * that it has it (after a power cut too, where that is asked for), and deletes it again.
 * @throws whatever the board answered, or that it did not
 */
export async function tryBoard(board: Board, password: string, { run, server, cutPower, tell }: TryOptions): Promise<void> {
  const keyName = `rig-bench-${run}`
  await board.powerOn()
  await board.attend(password)
  tell('signed in')
  await does(board, `comm set url=${server.url} port=${server.port} policy=${server.policy}`)
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

async function does(board: Board, line: string, challenge?: string): Promise<Readonly<Record<string, string>>> {
  const { result } = await board.command(line, challenge === undefined ? {} : { answers: { [CHALLENGE_PROMPT]: challenge } })
  if (!result.ok) throw new PlatenError(result.code, `${board.name}: ${line.split(' ', 2).join(' ')}: ${result.message}`, { facts: { answered: true }, fix: result.fix })
  return result.values
}
