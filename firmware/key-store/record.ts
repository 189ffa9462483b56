/**
 * The records of the store on disk: one line each, `<checksum> <JSON>`, in the index journal and in the files of a
 * generation alike. A line is whole or it is nothing: the checksum covers all of the JSON.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { KeyUse } from '../../protocol/key-use.js'
import type { KeyId } from './entries.js'

const keyId = z.custom<KeyId>((value) => isKeyId(value))
const keyUse = z.custom<KeyUse>((value) => typeof value === 'string')
const sequence = z.number().int().nonnegative()

/** What is known of a key without its certificate; the public key is SPKI, base64. */
const identity = z.object({
  id: keyId,
  name: z.string(),
  kind: z.enum(['default', 'issued', 'imported']),
  bits: z.number().int(),
  publicKey: z.string(),
  transactionId: z.string().exactOptional(),
  exchangeFor: keyId.exactOptional(),
  /** The name it gets when the key in `exchangeFor` is dropped. */
  takesName: z.string().exactOptional(),
})

/** The first line of the journal; `storeKey` tells which store key sealed the keys, without telling the key. */
const header = z.object({ type: z.literal('header'), sequence, format: z.literal(1), storeKey: z.string() })

/** Key, certificate, use and what falls away for it: one record, so all or nothing. */
const complete = z.object({
  type: z.literal('complete'),
  sequence,
  key: identity,
  chain: z.array(z.string()).readonly(),
  assign: keyUse.exactOptional(),
  replaces: keyId.exactOptional(),
})

const event = z.discriminatedUnion('type', [
  complete,
  z.object({ type: z.literal('assign'), sequence, use: keyUse, id: keyId.exactOptional() }),
  z.object({ type: z.literal('drop'), sequence, id: keyId }),
  z.object({ type: z.literal('ca-add'), sequence, name: z.string(), der: z.string() }),
  z.object({ type: z.literal('ca-crl'), sequence, name: z.string(), der: z.string() }),
  z.object({ type: z.literal('ca-drop'), sequence, name: z.string() }),
])

/** The file `key` of a generation: all that is needed to know it again without the journal. */
const keyFile = z.object({ type: z.literal('key'), key: identity, storeKey: z.string(), sealed: z.string() })

const journalRecord = z.union([header, event])
export type KeyIdentity = z.infer<typeof identity>
export type Header = z.infer<typeof header>
export type CompleteEvent = z.infer<typeof complete>
export type StoreEvent = z.infer<typeof event>
export type KeyFile = z.infer<typeof keyFile>

/** An event that has no place in the journal yet. */
export type NewEvent = StoreEvent extends infer Each ? Each extends unknown ? Omit<Each, 'sequence'> : never : never

export const readCompleteLine = (line: Uint8Array): CompleteEvent | undefined => readLine(line, complete)
export const readKeyLine = (line: Uint8Array): KeyFile | undefined => readLine(line, keyFile)
export const readJournalLine = (line: Uint8Array): Header | StoreEvent | undefined => readLine(line, journalRecord)

export function writeLine(record: Header | StoreEvent | KeyFile): Uint8Array<ArrayBuffer> {
  const json = Buffer.from(JSON.stringify(record))
  return Uint8Array.from(Buffer.concat([Buffer.from(`${checksum(json)} `), json, Buffer.from('\n')]))
}

export function isKeyId(value: unknown): value is KeyId {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)
}

/** @param line with or without its line feed, which nothing may follow */
function readLine<Record>(line: Uint8Array, schema: z.ZodType<Record>): Record | undefined {
  const end = line.at(-1) === 0x0a ? line.length - 1 : line.length
  const json = line.subarray(checksumLength + 1, end)
  if (Buffer.from(line.subarray(0, checksumLength + 1)).toString('latin1') !== `${checksum(json)} `) return undefined
  try {
    return schema.safeParse(JSON.parse(Buffer.from(json).toString('utf8'))).data
  } catch {
    return undefined
  }
}

const checksumLength = 32

/** Half of SHA-256: against decay and torn writes, not against people; the keys themselves have their own seal. */
function checksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, checksumLength)
}
