import { children, objectIdentifier as readIdentifier, sequence as readSequence, set, text, type Value } from '../ber.js'
import { directoryString, objectIdentifier, sequence, setOf } from '../der.js'

/** A subject as a person types it. */
export interface SubjectFields {
  readonly commonName: string
  readonly organization?: string
}

/** RFC 4519; the letters are those of RFC 4514 section 3 and the usual ones beside them. */
const types: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN', '2.5.4.5': 'serialNumber', '2.5.4.6': 'C', '2.5.4.7': 'L', '2.5.4.8': 'ST', '2.5.4.9': 'street',
  '2.5.4.10': 'O', '2.5.4.11': 'OU', '0.9.2342.19200300.100.1.25': 'DC', '0.9.2342.19200300.100.1.1': 'UID',
  '1.2.840.113549.1.9.1': 'emailAddress',
}

/** Name in DER: organization first, then the common name. */
export function nameDer(subject: SubjectFields): Uint8Array {
  const part = (type: string, value: string): Uint8Array => setOf([sequence(objectIdentifier(type), directoryString(value))])
  return sequence(
    ...(subject.organization === undefined || subject.organization === '' ? [] : [part('2.5.4.10', subject.organization)]),
    part('2.5.4.3', subject.commonName),
  )
}

export interface Name {
  /** For people, as in RFC 4514: `CN=printer,O=Example`. */
  readonly text: string
  /** As it was encoded; names are compared by these bytes. */
  readonly der: Uint8Array
}

/** @throws bad-response */
export function readName(value: Value | undefined, what: string): Name {
  const parts = readSequence(value, what).map((relative) => set(relative, what).map((pair) => {
    const [type, content] = children(pair, what)
    return `${label(readIdentifier(type, what))}=${shown(content, what)}`
  }).join('+'))
  return { text: parts.reverse().join(','), der: Uint8Array.from(value?.raw ?? []) }
}

const label = (type: string): string => types[type] ?? type

/** RFC 4514 section 2.4; control characters too, so that a foreign name cannot write lines of its own into a log. */
function shown(value: Value | undefined, what: string): string {
  return text(value, what)
    .replace(/[\\,+"<>;=]/g, '\\$&')
    .replace(/\p{Cc}/gu, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
