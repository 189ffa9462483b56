import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { didYouMean } from '../../../protocol/commands/index.js'
import { PlatenError } from '../../../protocol/errors.js'
import { limited, limitNames, type Behaviour, type FaultTools, type PreparedFault } from './behaviour.js'
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

const entry = z.preprocess((given) => (typeof given === 'string' ? { fault: given } : given), z.looseObject({ fault: z.string() }))
const outline = z.strictObject({ seed: z.int().optional(), faults: z.array(entry) })

const names = Object.keys(faultKinds)

/**
 * @param name what the script is called in errors, such as the path of its file
 * @throws config-invalid naming the place of the first mistake, such as `faults[1].times`
 */
export function checkScript(script: unknown, name = 'fault script'): PreparedScript {
  const check = checking(name)
  const { seed = 1, faults } = check([], 'A script has a list `faults` and may have a `seed`.', () => outline.parse(script))
  return {
    seed,
    faults: faults.map((given, index) => {
      const { fault: kindName } = given
      if (!isFaultName(kindName)) throw invalid(name, ['faults', index, 'fault'], `there is no fault ${JSON.stringify(kindName)}`, didYouMean(kindName, names) || `The faults are ${names.join(', ')}.`)
      const kind = faultKinds[kindName]
      const fix = `${kindName} takes ${[...kind.options, ...limitNames].join(', ')}.`
      return { name: kindName, prepared: check(['faults', index], fix, () => kind.prepare(given)) }
    }),
  }
}

/**
 * Reads a script file: YAML, of which JSON is a part.
 * @throws config-invalid
 */
export function readScript(text: string, name?: string): PreparedScript {
  return checkScript(checking(name)([], 'It must be YAML or JSON.', () => parseYaml(text, { logLevel: 'error' }) as unknown), name)
}

/** The script's behaviours, with fresh counters. */
export function startScript(script: PreparedScript, tools: Omit<FaultTools, 'chance' | 'bytes'>): readonly Behaviour[] {
  const chance = seededChance(script.seed)
  const all = { ...tools, chance, bytes: seededBytes(chance) }
  return script.faults.map(({ name, prepared }) => limited(name, prepared, all))
}

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faultKinds, name)
}

type Check = <Result>(place: readonly PropertyKey[], fix: string, read: () => Result) => Result

function checking(name = 'fault script'): Check {
  return (place, fix, read) => {
    try {
      return read()
    } catch (error) {
      const issue = error instanceof z.ZodError ? error.issues[0] : undefined
      if (issue === undefined) throw invalid(name, place, error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error), fix, error)
      const [unknown] = issue.code === 'unrecognized_keys' ? issue.keys : []
      throw unknown === undefined
        ? invalid(name, [...place, ...issue.path], issue.message, fix, error)
        : invalid(name, [...place, ...issue.path, unknown], 'there is no such option', fix, error)
    }
  }
}

function invalid(name: string, place: readonly PropertyKey[], what: string, fix: string, cause?: unknown): PlatenError {
  const path = displayPath(place)
  return new PlatenError('config-invalid', `${name}${path === '' ? '' : `, ${path}`}: ${what}`, { facts: { path }, fix, cause })
}

function displayPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`), '')
}
