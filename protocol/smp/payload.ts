/** CBOR as SMP uses it: a map with text keys. Limits on size, depth and types hold before anyone looks at a value. */
import { decode, encode, Tokenizer, Type, type Token } from 'cborg'

export type Value = string | number | boolean | Uint8Array<ArrayBuffer> | readonly Value[] | Payload
export interface Payload {
  readonly [name: string]: Value
}

/** What may be given for a value; fields that are undefined are left out. */
export type Writable = string | number | boolean | Uint8Array | readonly Writable[] | { readonly [name: string]: Writable | undefined }

/** Deepest nesting of maps and lists. */
export const depthLimit = 8
/** Most values in a payload. */
const countLimit = 20_000

const mistake = new TypeError('not a payload of SMP')

export type Fields = Readonly<Record<string, Writable | undefined>>

/** Canonical CBOR: the same fields always give the same bytes. */
export function writePayload(fields: Fields): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(encode(fields, { ignoreUndefinedProperties: true }))
}

/**
 * @returns undefined for what is no map with text keys within the limits. Values are text, finite numbers, booleans,
 * bytes, lists and maps; nulls, tags, big integers and repeated keys are refused.
 */
export function readPayload(data: Uint8Array): Payload | undefined {
  if (data.length === 0) return {}
  try {
    const options = { allowUndefined: false, allowInfinity: false, allowNaN: false, allowBigInt: false, useMaps: true, rejectDuplicateMapKeys: true }
    const value = plain(decode(data, { ...options, tokenizer: new BoundedTokenizer(data, options) }))
    return isMap(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Keeps the decoder, which calls itself for each level, from going deeper than the limit. */
class BoundedTokenizer extends Tokenizer {
  /** Values still to come in each open map or list. */
  readonly #open: number[] = []
  #count = 0

  override next(): Token {
    const token = super.next()
    this.#count += 1
    if (this.#count > countLimit) throw mistake
    while (this.#open.at(-1) === 0) this.#open.pop()
    if (Type.equals(token.type, Type.break)) {
      this.#open.pop()
      return token
    }
    const top = this.#open.length - 1
    if (top >= 0) this.#open[top] = (this.#open[top] ?? 0) - 1
    const values = Type.equals(token.type, Type.map) ? 2 * Number(token.value) : Type.equals(token.type, Type.array) ? Number(token.value) : 0
    if (values > 0) this.#open.push(values)
    if (this.#open.length > depthLimit) throw mistake
    return token
  }
}

function plain(value: unknown): Value {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(plain)
  if (!(value instanceof Map)) throw mistake
  // Without a prototype: a field that is called like one of its members is a field.
  const fields = Object.create(null) as Record<string, Value>
  for (const [name, inner] of value) {
    if (typeof name !== 'string') throw mistake
    fields[name] = plain(inner)
  }
  return fields
}

export function isMap(value: Value | undefined): value is Payload {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
}
