/** How SMP itself says no: codes that every client of it knows. */
import { isMap, type Payload } from './payload.js'

export const refusalCodes = {
  'unknown': 1,
  'no-memory': 2,
  'invalid-value': 3,
  'timed-out': 4,
  'not-found': 5,
  'bad-state': 6,
  'too-long': 7,
  'not-supported': 8,
  'corrupt': 9,
  'busy': 10,
  'access-denied': 11,
} as const

export type RefusalCode = keyof typeof refusalCodes

/** A request that the protocol refuses; a handler throws it. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  /** As it crosses the wire. */
  readonly rc: number
  /** The group that the code belongs to; undefined for the codes of SMP itself. */
  readonly group: number | undefined

  constructor(code: RefusalCode | number, group?: number) {
    super(`refused: ${typeof code === 'number' ? `code ${code}${group === undefined ? '' : ` of group ${group}`}` : code.replace('-', ' ')}`)
    this.rc = typeof code === 'number' ? code : refusalCodes[code]
    this.group = group
  }
}

/** The payload of a refusal: codes of SMP itself are `rc` in both versions; those of a group are `err` in the second. */
export function refusalPayload({ rc, group }: Refusal, version: 0 | 1): Readonly<Record<string, number | { readonly group: number; readonly rc: number }>> {
  return group === undefined || version === 0 ? { rc } : { err: { group, rc } }
}

/** @returns the refusal that a reply is; undefined when it is none (an `rc` of 0 is success) */
export function readRefusal(payload: Payload): Refusal | undefined {
  const { rc, err } = payload as { readonly [Name in 'rc' | 'err']?: Payload[string] }
  if (isMap(err) && typeof err['rc'] === 'number' && typeof err['group'] === 'number') return new Refusal(name(err['rc']), err['group'])
  return typeof rc === 'number' && rc !== 0 ? new Refusal(name(rc)) : undefined
}

function name(rc: number): RefusalCode | number {
  return (Object.keys(refusalCodes) as RefusalCode[]).find((code) => refusalCodes[code] === rc) ?? rc
}
