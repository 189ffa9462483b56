import { z } from 'zod'
import type { RandomBytes } from '../../../protocol/random.js'
import type { HttpAnswer } from '../../platform/index.js'
import type { Exchange } from '../exchange.js'
import type { Relatives } from '../relatives.js'
import type { Strangers } from '../strangers.js'

/**
 * One named way to misbehave (scep.md S-7). It handles the exchange by returning an answer of its own, or passes on
 * by `next()`, having told the exchange what to do differently, or changing what came back. `pass`: this exchange is
 * none of its business.
 */
export type Misbehave = (exchange: Exchange, next: () => Promise<HttpAnswer>) => Promise<HttpAnswer> | 'pass'

/** The same with its limits around it. */
export type Behaviour = (exchange: Exchange, next: () => Promise<HttpAnswer>) => Promise<HttpAnswer>

export interface FaultTools {
  /** Uniform in [0, 1); follows from the script's seed. */
  readonly chance: () => number
  /** Follows from the script's seed. */
  readonly bytes: RandomBytes
  readonly strangers: Strangers
  readonly relatives: Relatives
  /** Certificate of the CA, DER. */
  readonly ca: Uint8Array
}

const operations = ['GetCACaps', 'GetCACert', 'GetNextCACert', 'PKIOperation'] as const
const messageTypes = ['PKCSReq', 'RenewalReq', 'CertPoll', 'GetCert', 'GetCRL'] as const

/** When a fault takes part: every limit given must hold. Counting starts when the script is set. */
const limits = {
  fault: z.string(),
  operation: z.enum(operations).optional(),
  message: z.enum(messageTypes).optional(),
  /** Leaves the first so many matching exchanges alone. */
  after: z.int().min(0).optional(),
  /** Takes part in so many matching exchanges, then no more. */
  first: z.int().min(1).optional(),
  /** Takes part in every nth matching exchange. */
  every: z.int().min(1).optional(),
  /** Takes part with this probability, by the script's seed. */
  chance: z.number().min(0).max(1).optional(),
}
const limitsSchema = z.object(limits)
/** What every fault can be given. */
export const limitNames = Object.keys(limits).filter((name) => name !== 'fault')
export type Limits = z.infer<typeof limitsSchema>

export interface PreparedFault {
  readonly limits: Limits
  /** With fresh state. */
  start(tools: FaultTools): Misbehave
}

export interface FaultKind {
  /** Names of its own options; beside them every fault takes the limits. */
  readonly options: readonly string[]
  /** @throws ZodError */
  prepare(entry: unknown): PreparedFault
}

/** Where a fault takes part when the script does not say. */
export type Scope = Pick<Limits, 'operation' | 'message'>

/** Defines a fault: where it applies, its options as a zod shape, and what it does. */
export function fault<Shape extends z.ZodRawShape>(
  scope: Scope,
  shape: Shape,
  make: (options: z.infer<z.ZodObject<Shape>>, tools: FaultTools) => Misbehave,
): FaultKind {
  const options = z.object(shape)
  const whole = z.strictObject({ ...limits, ...shape })
  return {
    options: Object.keys(shape),
    prepare(entry) {
      whole.parse(entry)
      const own = options.parse(entry)
      return { limits: { ...scope, ...limitsSchema.parse(entry) }, start: (tools) => make(own, tools) }
    },
  }
}

/** Puts the limits around a behaviour; outside them it passes on unseen. */
export function limited(name: string, prepared: PreparedFault, tools: FaultTools): Behaviour {
  const { operation, message, after = 0, first, every = 1, chance } = prepared.limits
  const run = prepared.start(tools)
  let matching = 0
  let taken = 0
  return (exchange, next) => {
    if (operation !== undefined && exchange.operation !== operation) return next()
    if (message !== undefined && exchange.messageType !== message) return next()
    matching += 1
    if (matching <= after || (matching - after) % every !== 0) return next()
    if (first !== undefined && taken >= first) return next()
    if (chance !== undefined && tools.chance() >= chance) return next()
    exchange.faults.push(name)
    const outcome = run(exchange, next)
    if (outcome === 'pass') {
      exchange.faults.pop()
      return next()
    }
    taken += 1
    return outcome
  }
}
