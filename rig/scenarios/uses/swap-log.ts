import type { LogSeen } from '../station.js'

/** What a board logs at the end of an exchange of keys; times are monotonic ms of its boot, to a tenth. */
export interface SwapLogged {
  readonly outcome: string
  readonly bootId: string
  /** The certificate arrived from the server; absent where none was issued for it. */
  readonly receivedAt?: number
  readonly startedAt: number
  /** The consumer has the key. */
  readonly appliedAt?: number
  /** A handshake has shown it. */
  readonly probedAt?: number
  readonly endedAt: number
}

/** The newest exchange that a key was put to a use by; undefined when the log tells of none. */
export function swapOf(log: readonly LogSeen[], use: string, keyName: string): SwapLogged | undefined {
  const line = log.findLast(({ text }) => text.includes(` use=${use} key=${keyName} outcome=`))
  if (line === undefined) return undefined
  const { text, bootId } = line
  const at = (name: string): number | undefined => {
    const [, value] = new RegExp(` ${name}=([\\d.]+)`, 'u').exec(text) ?? []
    return value === undefined ? undefined : Number(value)
  }
  const [, outcome = ''] = / outcome=([a-z]+)/u.exec(text) ?? []
  const [receivedAt, appliedAt, probedAt] = [at('receivedAt'), at('appliedAt'), at('probedAt')]
  return {
    outcome, bootId, startedAt: at('startedAt') ?? 0, endedAt: at('endedAt') ?? 0,
    ...(receivedAt === undefined ? {} : { receivedAt }),
    ...(appliedAt === undefined ? {} : { appliedAt }),
    ...(probedAt === undefined ? {} : { probedAt }),
  }
}
