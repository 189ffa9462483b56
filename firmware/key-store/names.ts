/** Which names are spoken for, and names for keys that cannot have the one they should. Pure. */
import { PlatenError } from '../../protocol/errors.js'
import type { KeyId, Reservation } from './entries.js'
import type { KeyIdentity } from './record.js'

/** Code points; `rules.ts` refuses longer names. */
const longestName = 64

type Named = Pick<KeyIdentity | Reservation, 'id' | 'name' | 'takesName'>

/** The names of all keys but one, with those that are promised to a key whose exchange is half done. */
export function namesTaken(keys: Iterable<Named>, except?: KeyId): ReadonlySet<string> {
  return new Set([...keys].flatMap(({ id, name, takesName }) => (id === except ? [] : takesName === undefined ? [name] : [name, takesName])))
}

/** @throws key-name-taken */
export function checkNameFree(name: string, taken: ReadonlySet<string>): void {
  if (!taken.has(name)) return
  throw new PlatenError('key-name-taken', `name: a key with the name ${JSON.stringify(name)} is registered already`, {
    facts: { field: 'name', name },
    fix: 'Give another name, or delete the key that has it.',
  })
}

/** The name itself where it is free, else the first of `name (2)`, `name (3)` … that is; cut so that it stays a name. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : ` (${number})`
    const candidate = Array.from(name).slice(0, longestName - suffix.length).join('') + suffix
    if (!taken.has(candidate)) return candidate
  }
}
