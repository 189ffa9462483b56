import type { Authority } from '../scep-server/index.js'

/** A server as a client is told of it. */
export interface Target {
  readonly url: string
  readonly port: number
  readonly authority: Authority
}

export interface Attempt {
  /** Default `challenge`. */
  readonly challenge?: string
  /** Who is trusted, when it is not the server's own authority. `nobody`: the client is told of no CA. */
  readonly trust?: Target | 'nobody'
  /** Default standard. */
  readonly policy?: 'standard' | 'legacy'
  /** Communication Timeout, seconds, where the client has such a setting. Default 10. */
  readonly timeout?: number
  /** Goes on with what the attempt before left: the same certificate, the same key. */
  readonly again?: boolean
}

export interface Ended {
  readonly enrolled: boolean
  /** A code of ours, where the subject has such. */
  readonly code?: string
  /** What it said at last, one line. */
  readonly said: string
  /** It did not end by itself. */
  readonly hung: boolean
}

/** A client that is held against the rules. */
export interface Subject {
  /** As the report calls it. */
  readonly name: string
  /** `board`: through its console; `command`: a program; each shows other things. */
  readonly kind: 'board' | 'command'
  /** How many checks can run at the same time: so many places it has. */
  readonly atOnce: number
  /**
   * While the server behaves: tells the client of the server and whom to trust.
   * @param place from 0; the checks of one place never overlap
   */
  prepare(target: Target, attempt: Attempt, place: number): Promise<Enrolment>
  close(): Promise<void>
}

/** One client that knows its server. */
export interface Enrolment {
  /** Asks for a certificate, and asks again while it is put off, as far as the client does so. */
  enrol(attempt?: Attempt): Promise<Ended>
  /** Is cut off while the server puts it off; afterwards it starts anew. @param pending the cut comes when this resolves */
  cutOff(pending: Promise<unknown>): Promise<void>
  /** Goes on where it was cut off. */
  resume(): Promise<Ended>
}

/** Of every request that is not about challenges. */
export const challenge = 'Rig challenge 1'
