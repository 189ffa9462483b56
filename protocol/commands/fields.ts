/**
 * The kinds of field that requests are made of. Each takes the text a person types and the typed value a machine
 * sends, and says its limits in words, so that every refusal can name them.
 */
import * as z from 'zod'

/** What a field knows about itself beside its type. */
export interface FieldNotes {
  /** What the field is, for help. */
  readonly about: string
  /** What is accepted, as the end of a sentence: `a whole number from 1 to 600`. */
  readonly limits: string
  /** Never shown, logged or accepted on a line that is echoed. */
  readonly secret?: boolean
}

const notes = z.registry<FieldNotes>()

/** Attaches the notes; the innermost schema carries them through `optional` and `default`. */
export function field<Schema extends z.ZodType>(schema: Schema, about: string, limits: string, secret = false): Schema {
  notes.add(schema, { about, limits, secret })
  return schema
}

/** The notes of a field, through `optional` and `default`. */
export function notesOf(schema: z.core.$ZodType): FieldNotes {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return notesOf(schema.unwrap())
  return notes.get(schema) ?? { about: '', limits: 'another value' }
}

export function isOptional(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
}

/** The value taken when the field is left out, as text; undefined when there is none. */
export function defaultOf(schema: z.core.$ZodType): string | undefined {
  if (!(schema instanceof z.ZodDefault)) return undefined
  const value: unknown = schema.def.defaultValue
  return Array.isArray(value) ? value.join(',') : String(value)
}

export function text(about: string, low: number, high: number) {
  return field(
    z.string().min(low).max(high).refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value)),
    about,
    low === 0 ? `at most ${high} characters` : `${low} to ${high} characters without control characters`,
  )
}

/** A secret: asked hidden on the console, refused on the line. Up to 255 characters, none of them a control. */
export function secret(about: string, low: number) {
  return field(
    z.string().min(low).max(255).refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value)),
    about,
    `${low} to 255 characters without control characters`,
    true,
  )
}

/** A file with a key, certificate or list: PEM or base64 as text; machines may give its bytes. */
export function material(about: string, isSecret: boolean) {
  const bytes = z.instanceof(Uint8Array).refine(({ length }) => length > 0 && length <= materialLimit)
  return field(z.union([z.string().min(1).max(2 * materialLimit), bytes]), about, `PEM or base64 of at most ${materialLimit / 1024} KiB`, isSecret)
}

/** Bytes. */
const materialLimit = 32 * 1024

export function wholeNumber(about: string, low: number, high: number) {
  const typed = z.preprocess((value) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value), z.int().min(low).max(high))
  return field(typed, about, `a whole number from ${low} to ${high}`)
}

export function oneOf<const Names extends readonly [string, ...string[]]>(about: string, names: Names) {
  return field(z.enum(names), about, list(names))
}

export function oneOfNumbers<const Numbers extends readonly [number, ...number[]]>(about: string, numbers: Numbers) {
  const typed = z.preprocess((value) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value), z.literal(numbers))
  return field(typed, about, list(numbers.map(String)))
}

/** A list: an array from machines, `a,b,c` from people; empty text is the empty list. */
export function listOf<Item extends z.ZodType<string, string>>(about: string, item: Item, most: number, limits: string) {
  const split = (value: unknown): unknown =>
    typeof value === 'string' ? value.split(',').map((part) => part.trim()).filter((part, _, parts) => part !== '' || parts.length > 1) : value
  return field(z.preprocess(split, z.array(item).max(most)), about, `at most ${most} ${limits}, with commas between`)
}

/** Yes or no, on or off, true or false. */
export function yesOrNo(about: string) {
  const typed = z.preprocess((value) => (typeof value === 'string' ? words.get(value.toLowerCase()) ?? value : value), z.boolean())
  return field(typed, about, 'yes or no')
}

const words: ReadonlyMap<string, boolean> = new Map([['yes', true], ['on', true], ['true', true], ['no', false], ['off', false], ['false', false]])

/** A date and time with its zone, as wall ms: `2027-03-01T08:00:00Z`, `2027-03-01T09:00+01:00`. */
export function dateAndTime(about: string) {
  const typed = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/i).transform((value) => Date.parse(value)).pipe(z.number().min(0))
  return field(typed, about, 'a date and time with its zone, like 2027-03-01T08:00:00Z')
}

/** A SHA-256 fingerprint; upper case, colons and spaces are taken out. */
export function fingerprint(about: string) {
  const typed = z.string().transform((value) => value.replace(/[:\s]/g, '').toLowerCase()).pipe(z.string().regex(/^[0-9a-f]{64}$/))
  return field(typed, about, 'a SHA-256 fingerprint: 64 hexadecimal digits, colons allowed')
}

function list(names: readonly string[]): string {
  return names.length === 1 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`
}
