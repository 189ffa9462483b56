import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { PlatenError } from '../../../protocol/errors.js'
import { limited, type Behaviour, type FaultTools, type PreparedFault } from './behaviour.js'
import { faultKinds, type FaultName } from './kinds.js'
import { seededBytes, seededChance } from './seeded.js'

/**
 * A fault script: plain data, so that it can stand in a file, be shrunk and be replayed. `refuse` is short for
 * `{ fault: 'refuse' }`. Faults act in the order given. The seed (default 1) settles all that is left to chance.
 */
export interface FaultScript {
  readonly seed?: number
  readonly faults: readonly (FaultName | ({ readonly fault: FaultName } & Readonly<Record<string, unknown>>))[]
}

/** A checked script, ready to run. */
export interface PreparedScript {
  readonly seed: number
  readonly faults: readonly { readonly name: FaultName; readonly prepared: PreparedFault }[]
}

const outline = z.strictObject({ seed: z.int().optional(), faults: z.array(z.unknown()) })
const named = z.looseObject({ fault: z.enum(Object.keys(faultKinds) as [FaultName, ...FaultName[]]) })

/** @throws config-invalid naming the place of the first mistake, such as `faults[1].times` */
export function checkScript(script: unknown): PreparedScript {
  const { seed = 1, faults } = check([], () => outline.parse(script ?? { faults: [] }))
  return {
    seed,
    faults: faults.map((given, index) => {
      const entry = typeof given === 'string' ? { fault: given } : given
      const name = check(['faults', index], () => named.parse(entry)).fault
      return { name, prepared: check(['faults', index], () => faultKinds[name].prepare(entry)) }
    }),
  }
}

/**
 * Reads a script file: YAML, of which JSON is a part.
 * @throws config-invalid
 */
export function readScript(text: string): PreparedScript {
  return checkScript(check([], () => parseYaml(text) as unknown))
}

/** The script's behaviours, with fresh counters. */
export function startScript(script: PreparedScript, tools: Pick<FaultTools, 'clock' | 'strangers'>): readonly Behaviour[] {
  const chance = seededChance(script.seed)
  const all = { ...tools, chance, bytes: seededBytes(chance) }
  return script.faults.map(({ name, prepared }) => limited(name, prepared, all))
}

function check<Result>(place: readonly PropertyKey[], read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined
    const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
    const path = displayPath([...place, ...issue?.path ?? [], ...unknownKey])
    const what = unknownKey.length > 0 ? 'no such option' : issue?.message ?? (error instanceof Error ? error.message.split('\n')[0] : String(error))
    throw new PlatenError('config-invalid', `fault script${path === '' ? '' : `, ${path}`}: ${what ?? ''}`, {
      facts: { path }, fix: `Correct it; the faults are ${Object.keys(faultKinds).join(', ')}.`, cause: error,
    })
  }
}

function displayPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`), '')
}
