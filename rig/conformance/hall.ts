import { createHash } from 'node:crypto'
import { milliseconds } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import { Authority, checkScript, startScepServer, type RaForm, type ScepServer } from '../scep-server/index.js'
import type { Baseline, Check, Stage } from './check.js'
import type { Attempt, Ended, Enrolment, Subject } from './subject.js'
import { displayObserved, Witness } from './witness.js'

/** Longest that an exchange's end is waited for once the client is done, ms. */
const aftermath = milliseconds(300)

/** The authorities of a run, and a server for each check. */
export class Hall {
  readonly #platform: RigPlatform
  readonly #subject: Subject
  readonly #options: { readonly seed: string; readonly canTrust: boolean }
  readonly #authorities = new Map<RaForm, Promise<Authority>>()
  readonly #impostor: ScepServer

  private constructor(platform: RigPlatform, subject: Subject, options: { readonly seed: string; readonly canTrust: boolean }, impostor: ScepServer) {
    this.#platform = platform
    this.#subject = subject
    this.#options = options
    this.#impostor = impostor
  }

  static async open(platform: RigPlatform, subject: Subject, options: { readonly seed: string; readonly canTrust: boolean }): Promise<Hall> {
    return new Hall(platform, subject, options, await startScepServer({ platform, authority: { name: 'Somebody Else CA' } }))
  }

  /** Plays on a server of its own, with the client at this place. @returns what was found, with the exchanges that prove it */
  async play<Result>(check: Pick<Check, 'ra' | 'name'>, place: number, baseline: Baseline | undefined, run: (stage: Stage) => Promise<Result>): Promise<{ readonly result: Result; readonly transcript: readonly string[]; readonly witness: Witness }> {
    const witness = new Witness()
    let put: (value: unknown) => void = () => undefined
    const pending = new Promise((resolve) => (put = resolve))
    const platform = this.#platform
    const server = await startScepServer({
      platform: { ...platform, listenHttp: witness.around(platform.listenHttp) }, authority: await this.#authority(check.ra ?? 'one'),
      onExchange: (record) => {
        witness.take(record)
        if (record.status === 'PENDING') put(record)
      },
    })
    witness.holder = server.authority.encryption
    const seed = createHash('sha256').update(`${this.#options.seed} ${check.name}`).digest().readUInt32LE(0)
    let shown: readonly string[] | undefined
    try {
      const result = await run({
        subject: this.#subject, witness, target: server, impostor: this.#impostor, canTrust: this.#options.canTrust, baseline, pending,
        misbehave: (script) => server.setScript(checkScript({ seed, ...script })),
        prepare: async (attempt = {}) => this.#settling(await this.#subject.prepare(server, attempt, place), witness),
        show: (lines) => (shown = lines),
      })
      return { result, witness, transcript: shown ?? witness.seen.map(displayObserved) }
    } finally {
      await server.close()
    }
  }

  async close(): Promise<void> {
    await this.#impostor.close()
  }

  #authority(ra: RaForm): Promise<Authority> {
    const known = this.#authorities.get(ra) ?? Authority.open({ ra, name: `Conformance CA ${ra}` }, this.#platform)
    this.#authorities.set(ra, known)
    return known
  }

  /** The server writes an exchange down when its last byte has gone, which may be after the client is done. */
  #settling(enrolment: Enrolment, witness: Witness): Enrolment {
    const after = async (ended: Promise<Ended>): Promise<Ended> => {
      const result = await ended
      const { clock } = this.#platform
      for (let waited = 0; waited < aftermath && witness.seen.some(({ record }) => record === undefined); waited += 20) {
        await new Promise<void>((resolve) => void clock.after('conformance: aftermath', milliseconds(20), resolve))
      }
      return result
    }
    return {
      enrol: (attempt?: Attempt) => after(enrolment.enrol(attempt)),
      cutOff: (pending) => enrolment.cutOff(pending),
      resume: () => after(enrolment.resume()),
    }
  }
}

