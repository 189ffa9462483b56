import { CHALLENGE_PROMPT, type ResultLine } from '../../protocol/commands/index.js'
import type { ErrorCode } from '../../protocol/errors.js'
import { responseTopic, topicsOf } from '../../protocol/mqtt/index.js'
import { minutes, seconds, type Duration } from '../../protocol/time.js'
import type { VirtualBoard, VirtualBroker } from '../boards/index.js'
import type { VirtualWorld } from '../scenarios/index.js'
import { checkScript, type PreparedScript, type ScepServer } from '../scep-server/index.js'
import { seeded, wholeNumber, type Draw } from '../verdicts/index.js'
import { rounds, type BoardFault } from './board-faults.js'
import type { TroubledBoard } from './troubled-board.js'
import type { SoakFailure } from './failure.js'

export const password = 'the rig signs in with this'
/** Of the board on its broker. */
export const place = { site: 'soak', device: 'board.example.com' }

/** The texts of device.md section 5, and ours in their style. */
const known = /^(?:Deferred|Key and Certificate Registration Limit Error|(?:Communication|Response|Certificate|CA|Key|Key Use|Storage) Error(?: \(.+\))?|Clock Not Set|Interrupted By Restart)$/u

/** How a request is refused that cannot even begin under a fault. */
const refusals: { readonly [Name in BoardFault['fault']]?: ErrorCode } = { 'disk-full': 'disk-failed', 'clock-unset': 'clock-not-set' }

/** Long enough for the longest pause between two tries to reach the broker. */
const comesBack = minutes(12)
/** What the faults of a round need to show: keep-alives run out, tries fail. */
const roundTime = minutes(3)
const noisyDeadline = seconds(20)

const silent: SoakFailure = { name: 'stuck', message: 'nobody can sign in at the console any more' }

export interface OrdealParts {
  readonly world: VirtualWorld
  readonly board: VirtualBoard
  readonly broker: VirtualBroker
  readonly troubled: TroubledBoard
  readonly server: ScepServer
  readonly seed: string
  readonly said: string[]
}

/** What a board goes through in a trial, and what has to be true afterwards. */
export class Ordeal {
  readonly #parts: OrdealParts
  readonly #draw: Draw
  readonly #kept = ['before', 'id']

  constructor(parts: OrdealParts) {
    this.#parts = parts
    this.#draw = seeded(`${parts.seed} actions`)
  }

  /** Types a command. @returns undefined when the power was cut meanwhile; the board is on again then */
  async says(line: string, answers: Readonly<Record<string, string>> = { [CHALLENGE_PROMPT]: '' }): Promise<ResultLine | undefined> {
    const { board, said } = this.#parts
    try {
      await board.attend(password)
      const { result } = await board.command(line, { answers })
      said.push(`${line}: ${result.ok ? 'ok' : `${result.code} ${result.message}`}`)
      return result
    } catch (error) {
      if (!await this.#back()) throw error
      said.push(`${line}: power cut`)
      return undefined
    }
  }

  async suffer(script: PreparedScript, faults: readonly BoardFault[]): Promise<SoakFailure | undefined> {
    const { board, troubled, server } = this.#parts
    server.setScript(script)
    for (let number = 1; number <= rounds; number += 1) {
      const own = faults.filter(({ round }) => round === number)
      troubled.begin(board, own)
      const failure = await this.#round(number, own)
      troubled.end()
      // What was cut off in the dark is switched on in the light.
      await this.#back()
      if (failure !== undefined) return failure
    }
    server.setScript(checkScript({ faults: [] }))
    return await this.#afterwards()
  }

  async #round(number: number, faults: readonly BoardFault[]): Promise<SoakFailure | undefined> {
    const { board, troubled } = this.#parts
    const result = await this.says(`request key-name=k${number} cn=printer.example.com`)
    if (result?.ok === true) this.#kept.push(`k${number}`)
    else if (result !== undefined && !known.test(result.message) && !faults.some(({ fault }) => refusals[fault] === result.code)) {
      return { name: 'unknown-state', message: `the request ended as "${result.message}" [${result.code}]` }
    }
    if (this.#draw() < 0.3) {
      troubled.cut(board)
      await this.#back()
    }
    if (this.#draw() < 0.6) await this.says('poll')
    if (troubled.hasNoise() && !await this.#typeThroughNoise()) return silent
    if (faults.length > 0) await this.#pass(roundTime)
    return undefined
  }

  /** Nothing is expected of what is typed over a bad line, but that the board is there afterwards. @returns whether it is */
  async #typeThroughNoise(): Promise<boolean> {
    const { board, troubled } = this.#parts
    await troubled.throughNoise(async () => {
      for (const line of ['status', 'history', 'request key-name=noise cn=printer.example.com', 'keys list']) {
        await board.command(line, { answers: { [CHALLENGE_PROMPT]: '' }, deadline: noisyDeadline }).catch(() => undefined)
      }
    })
    // What stands half typed is ended, and its answer, which may come late, is not taken for that of another command.
    const back = await this.#consoleIsBack()
    await this.#pass(noisyDeadline)
    board.letGo()
    return back
  }

  async #afterwards(): Promise<SoakFailure | undefined> {
    if (!await this.#consoleIsBack()) return silent
    // What still waits is settled by a server that behaves, one transaction at a time.
    for (let polls = 0; polls < 8; polls += 1) {
      const result = await this.says('poll')
      if (result?.ok === false && result.code === 'nothing-to-poll') break
    }
    const after = await this.says('request key-name=after cn=printer.example.com')
    if (after?.ok !== true) return { name: 'stuck', message: `when all is well again the next request ends as "${after?.message ?? 'cut off'}" [${after?.code ?? ''}]` }
    if (wholeNumber(this.#draw, 0, 1) === 1) {
      this.#parts.troubled.cut(this.#parts.board)
      await this.#back()
    }
    return await this.#lookOver([...this.#kept, 'after']) ?? await this.#listen()
  }

  /** Nothing lost and nothing half left, after a power cut too. */
  async #lookOver(kept: readonly string[]): Promise<SoakFailure | undefined> {
    const uses: Readonly<Record<string, RegExp>> = { before: /tls/iu, id: /mqtt/iu }
    for (const name of kept) {
      const result = await this.says(`keys show ${name}`)
      if (result?.ok !== true) return { name: 'lost-key', message: `the key ${name} is gone: ${result?.message ?? ''}` }
      if (uses[name]?.test(result.values['use'] ?? '') === false) return { name: 'lost-key', message: `the key in use serves no more: ${JSON.stringify(result.values)}` }
    }
    const result = await this.says('poll')
    return result?.ok === false && result.code === 'nothing-to-poll' ? undefined : { name: 'left-behind', message: 'a request still waits that nobody answers' }
  }

  /** The broker has the board again, and a command has its one answer, its replay the same. */
  async #listen(): Promise<SoakFailure | undefined> {
    const { broker, world } = this.#parts
    const end = world.time.monotonic() + comesBack
    while (!broker.connected && world.time.monotonic() < end) await this.#pass(seconds(30))
    if (!broker.connected) return { name: 'deaf', message: `the board is not back at its broker after ${comesBack / 60_000} minutes` }
    const answers: string[] = []
    const stop = broker.onPublished(({ topic, payload }) => {
      if (topic === responseTopic(place, 'soak')) answers.push(Buffer.from(payload).toString('utf8'))
    })
    for (let times = 0; times < 2; times += 1) {
      broker.deliver({
        topic: topicsOf(place).command('whoami'), payload: Buffer.from('{}'), retain: false, expirySeconds: 60, responseTopic: responseTopic(place, 'soak'), correlationData: Buffer.from('the last command'),
      })
      await this.#pass(seconds(5))
    }
    stop()
    return answers.length === 2 && answers[0] === answers[1] ? undefined : { name: 'deaf', message: `a command over MQTT and its replay have ${answers.length} answers: ${answers.join(' ')}` }
  }

  /** Whatever stood half typed on the line is through after a few lines. */
  async #consoleIsBack(): Promise<boolean> {
    for (let tries = 0; tries < 5; tries += 1) {
      const result = await this.says('whoami').catch(() => undefined)
      if (result?.ok === true) return true
    }
    return false
  }

  /** Switches the board on again if its power was cut. */
  async #back(): Promise<boolean> {
    const { board, troubled } = this.#parts
    if (!troubled.wasCut()) return false
    try {
      await board.powerOn()
    } catch (error) {
      // A start can be cut off like anything else.
      if (!await this.#back()) throw error
    }
    return true
  }

  async #pass(duration: Duration): Promise<void> {
    const { time } = this.#parts.world
    await this.#parts.world.settle(new Promise<void>((resolve) => void time.after('soak: a while', duration, resolve)))
  }
}
