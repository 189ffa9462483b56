import { PASSWORD_PROMPT } from '../../protocol/commands/index.js'
import { hasCode, PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import { FrameLine, type FrameLineOptions } from '../boards/index.js'
import type { RigPlatform } from '../platform/index.js'
import { secretFrom, type SecretSource } from './ask-hidden.js'

export const passwordVariable = 'PLATEN_PASSWORD'

export const lineArgument = ['<line>', 'a device such as /dev/ttyUSB0, unix:/path or tcp://host:port'] as const

const answerDeadline = seconds(10)

/**
 * Opens a board's line for frames, and finds out whether a board answers there before anybody is asked for a password.
 * @throws connect-failed, timed-out
 */
export async function openBoardLine({ lines, clock, random }: RigPlatform, path: string, options: Pick<FrameLineOptions, 'onEvent'> = {}): Promise<FrameLine> {
  const line = new FrameLine(await lines.open(path), { clock, random, ...options })
  try {
    await line.client.echo('platen rig', answerDeadline)
    return line
  } catch (error) {
    line.close()
    if (!hasCode(error, 'timed-out')) throw error
    throw new PlatenError('timed-out', `No board answers by frames on ${path}.`, { facts: { path }, fix: `Check that the board is on; look with: npm run rig -- console ${path}`, cause: error })
  }
}

/** @throws wrong-password, locked-out, not-configured, cancelled, invalid-value */
export async function signInOn(line: FrameLine, source: SecretSource): Promise<string> {
  const password = await secretFrom(source, passwordVariable, PASSWORD_PROMPT)
  await line.client.signIn(password)
  return password
}
