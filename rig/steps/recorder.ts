import type { Clock } from '../../protocol/time.js'
import { asPlatenError, type ErrorCode } from '../../protocol/errors.js'

/** A visible action of a run: what was done, to which board, how it ended and how long it took. */
export interface Step {
  /** Counts from 1 within a run. */
  readonly number: number
  /** As a person says it: "Ask for a certificate". */
  readonly name: string
  readonly facts: Readonly<Record<string, string | number>>
  /** Monotonic milliseconds since the run began. */
  readonly startedAt: number
  readonly outcome: 'running' | 'passed' | 'failed'
  /** Milliseconds; 0 while running. */
  readonly took: number
  /** What the action showed, one line each. */
  readonly notes: readonly string[]
  readonly error?: { readonly code: ErrorCode; readonly message: string }
}

/** Told at the start of a step, at each note, and at its end; always with the whole step. */
export type StepListener = (step: Step, event: 'started' | 'noted' | 'ended') => void

/** Lets the running step say what it sees. */
export type Note = (text: string) => void

/** Every visible action of the rig goes through `step`; log, timeline and reports are listeners. */
export class StepRecorder {
  readonly #clock: Clock
  readonly #listeners: readonly StepListener[]
  readonly #start: number
  readonly #ended: Step[] = []
  /** The notes of the steps that are running, the newest last. */
  readonly #running: Note[] = []
  #count = 0

  constructor(clock: Clock, ...listeners: readonly StepListener[]) {
    this.#clock = clock
    this.#listeners = listeners
    this.#start = clock.monotonic()
  }

  /** The ended steps, in order of their ends. */
  get steps(): readonly Step[] {
    return this.#ended
  }

  /** Something that another witness saw, a server's transcript for one; it belongs to the newest running step. */
  readonly witnessed: Note = (text) => this.#running.at(-1)?.(text)

  /** Runs an action as a step. What it throws is recorded and thrown on. */
  async step<Result>(name: string, facts: Step['facts'], run: (note: Note) => Promise<Result>): Promise<Result> {
    this.#count += 1
    let step: Step = { number: this.#count, name, facts, startedAt: this.#elapsed(), outcome: 'running', took: 0, notes: [] }
    const change = (changes: Partial<Step>, event: Parameters<StepListener>[1]): void => {
      step = { ...step, ...changes }
      this.#listeners.forEach((listener) => listener(step, event))
    }
    const note: Note = (text) => change({ notes: [...step.notes, text] }, 'noted')
    const end = (ending: Pick<Step, 'outcome' | 'error'>): void => {
      this.#running.splice(this.#running.indexOf(note), 1)
      change({ ...ending, took: this.#elapsed() - step.startedAt }, 'ended')
      this.#ended.push(step)
    }
    this.#running.push(note)
    change({}, 'started')
    try {
      const result = await run(note)
      end({ outcome: 'passed' })
      return result
    } catch (error) {
      const { code, message } = asPlatenError(error)
      end({ outcome: 'failed', error: { code, message } })
      throw error
    }
  }

  #elapsed(): number {
    return this.#clock.monotonic() - this.#start
  }
}
