import { CHALLENGE_PROMPT, type ResultLine } from '../../protocol/commands/index.js'
import { asPlatenError } from '../../protocol/errors.js'
import type { Board, VaryPlatform } from '../boards/index.js'
import { VirtualWorld } from '../scenarios/index.js'
import { checkScript, startScepServer, type PreparedScript } from '../scep-server/index.js'
import { seeded, wholeNumber } from '../verdicts/index.js'

/** What a board must not do, whatever its server does. */
export interface SoakFailure {
  readonly name: 'unknown-state' | 'lost-key' | 'stuck' | 'left-behind' | 'broken'
  readonly message: string
}

export interface TrialResult {
  readonly failure: SoakFailure | undefined
  /** What the board answered, in order. */
  readonly said: readonly string[]
}

const password = 'the rig signs in with this'

/** The texts of device.md section 5, and ours in their style. */
const known = /^(?:Deferred|Key and Certificate Registration Limit Error|(?:Communication|Response|Certificate|CA|Key|Key Use|Storage) Error(?: \(.+\))?|Clock Not Set|Interrupted By Restart)$/u

/**
 * One board under one schedule of faults, on virtual time: requests, polls and power cuts by the seed, and then the
 * server behaves again.
 * @param vary firmware that is to be found out
 */
export async function trial(script: PreparedScript, seed: string, vary?: VaryPlatform): Promise<TrialResult> {
  const world = new VirtualWorld(seed, vary)
  const server = await startScepServer({ platform: world.server })
  const said: string[] = []
  try {
    const { board } = await world.makeBoard({ name: 'board', onLog: () => undefined }, password)
    await board.powerOn()
    const says = async (line: string): Promise<ResultLine> => {
      await board.attend(password)
      const { result } = await board.command(line, { answers: { [CHALLENGE_PROMPT]: '' } })
      said.push(`${line}: ${result.ok ? 'ok' : `${result.code} ${result.message}`}`)
      return result
    }
    for (const line of [`comm set url=http://127.0.0.1/scep port=${server.port}`, `ca pin ${server.fingerprint}`, 'request key-name=before cn=printer.example.com use=tls']) {
      if (!(await says(line)).ok) return { said, failure: { name: 'broken', message: `the board does not work without any fault: ${said.at(-1) ?? ''}` } }
    }
    const failure = await suffer(board, says, seed, () => server.setScript(script), () => server.setScript(checkScript({ faults: [] })))
    return { said, failure }
  } catch (error) {
    const { code, message } = asPlatenError(error)
    return { said, failure: { name: 'broken', message: `the board's console broke: ${message} [${code}]` } }
  } finally {
    await world.close()
    await server.close()
  }
}

type Says = (line: string) => Promise<ResultLine>

async function suffer(board: Board, says: Says, seed: string, begin: () => void, end: () => void): Promise<SoakFailure | undefined> {
  const draw = seeded(`${seed} actions`)
  const kept = ['before']
  begin()
  for (let number = 1; number <= 3; number += 1) {
    const result = await says(`request key-name=k${number} cn=printer.example.com`)
    if (result.ok) kept.push(`k${number}`)
    else if (!known.test(result.message)) return { name: 'unknown-state', message: `the request ended as "${result.message}" [${result.code}]` }
    if (draw() < 0.3) {
      await board.cutPower()
      await board.powerOn()
    }
    if (draw() < 0.6) await says('poll')
  }
  end()
  // What still waits is settled by a server that behaves, one transaction at a time.
  for (let polls = 0; polls < 5; polls += 1) {
    const result = await says('poll')
    if (!result.ok && result.code === 'nothing-to-poll') break
  }
  const after = await says('request key-name=after cn=printer.example.com')
  if (!after.ok) return { name: 'stuck', message: `with a server that behaves the next request ends as "${after.message}" [${after.code}]` }
  return await lookOver(board, [...kept, 'after'], wholeNumber(draw, 0, 1) === 1)
}

/** Nothing lost and nothing half left, after a power cut too. */
async function lookOver(board: Board, kept: readonly string[], cut: boolean): Promise<SoakFailure | undefined> {
  if (cut) {
    await board.cutPower()
    await board.powerOn()
  }
  await board.attend(password)
  for (const name of kept) {
    const { result } = await board.command(`keys show ${name}`)
    if (!result.ok) return { name: 'lost-key', message: `the key ${name} is gone: ${result.message}` }
    if (name === 'before' && !/tls/iu.test(result.values['use'] ?? '')) return { name: 'lost-key', message: `the key in use serves no more: ${JSON.stringify(result.values)}` }
  }
  const { result } = await board.command('poll')
  return !result.ok && result.code === 'nothing-to-poll' ? undefined : { name: 'left-behind', message: 'a request still waits that nobody answers' }
}
