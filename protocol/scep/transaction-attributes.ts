import { octetString as readOctets, text, time, type Value } from '../ber.js'
import { directoryString, octetString, printableString, time as timeDer, utf8String } from '../der.js'
import { malformed } from '../malformed.js'
import { attributes as types, failInfos, messageTypes, nameOf, pkiStatuses, type FailInfo, type MessageType, type PkiStatus } from './names.js'
import { attribute } from './signed-data.js'

/** What NDES says beside failInfo: an HRESULT in decimal, and text. */
export interface NdesError {
  readonly code?: string
  readonly text?: string
}

/** Section 3.2.1: what a message says about its transaction, in signed attributes. */
export interface Transaction {
  readonly messageType: MessageType
  readonly transactionId: string | undefined
  readonly senderNonce: Uint8Array | undefined
  readonly recipientNonce: Uint8Array | undefined
  /** Always there in a CertRep. */
  readonly status: PkiStatus | undefined
  /** Undefined in a FAILURE whose reason is missing or not in the standard; a FAILURE it is all the same. */
  readonly failInfo: FailInfo | undefined
  readonly failInfoText: string | undefined
  readonly ndes: NdesError | undefined
  /** Milliseconds since 1970; a peer is never judged by it (C-22). */
  readonly signingTime: number | undefined
}

type Given = Pick<Transaction, 'messageType'> & { readonly [Field in Exclude<keyof Transaction, 'messageType'>]?: Transaction[Field] } & {
  /** Written instead of the status: for one that no standard has. */
  readonly statusText?: string
}

/** The attributes, each encoded; those that are not given are left out. */
export function transactionAttributes(given: Given): readonly Uint8Array[] {
  const made: Uint8Array[] = [attribute(types.messageType, printableString(messageTypes[given.messageType]))]
  const add = <Field>(type: string, value: Field | undefined, encode: (value: Field) => Uint8Array): void => {
    if (value !== undefined) made.push(attribute(type, encode(value)))
  }
  add(types.transactionId, given.transactionId, printableString)
  add(types.senderNonce, given.senderNonce, octetString)
  add(types.recipientNonce, given.recipientNonce, octetString)
  add(types.pkiStatus, given.statusText ?? (given.status === undefined ? undefined : pkiStatuses[given.status]), printableString)
  add(types.failInfo, given.failInfo, (info) => printableString(failInfos[info]))
  add(types.failInfoText, given.failInfoText, utf8String)
  add(types.ndesCode, given.ndes?.code, printableString)
  add(types.ndesText, given.ndes?.text, directoryString)
  add(types.signingTime, given.signingTime, timeDer)
  return made
}

/** @throws bad-response for a message type or status that the standard does not have */
export function readTransaction(found: ReadonlyMap<string, Value>): Transaction {
  const textAt = (type: keyof typeof types): string | undefined => {
    const value = found.get(types[type])
    return value === undefined ? undefined : text(value, `The attribute ${type}`)
  }
  const nonceAt = (type: 'senderNonce' | 'recipientNonce'): Uint8Array | undefined => {
    const value = found.get(types[type])
    return value === undefined ? undefined : Uint8Array.from(readOctets(value, `The attribute ${type}`))
  }
  const messageType = nameOf(messageTypes, textAt('messageType') ?? '')
  if (messageType === undefined) throw malformed(`The message type is ${shown(textAt('messageType'))}, which is not one of SCEP.`)
  const failInfo = textAt('failInfo')
  const signingTime = found.get(types.signingTime)
  return {
    messageType,
    transactionId: textAt('transactionId'),
    senderNonce: nonceAt('senderNonce'),
    recipientNonce: nonceAt('recipientNonce'),
    status: readStatus(messageType, textAt('pkiStatus')),
    failInfo: failInfo === undefined ? undefined : nameOf(failInfos, failInfo),
    failInfoText: textAt('failInfoText'),
    ndes: readNdes(textAt('ndesCode'), textAt('ndesText')),
    signingTime: signingTime === undefined ? undefined : time(signingTime, 'The attribute signingTime'),
  }
}

function readStatus(messageType: MessageType, value: string | undefined): PkiStatus | undefined {
  if (messageType !== 'CertRep') return undefined
  const status = nameOf(pkiStatuses, value ?? '')
  if (status === undefined) throw malformed(`The status of the answer is ${shown(value)}, which is not one of SCEP.`)
  return status
}

function readNdes(code: string | undefined, message: string | undefined): NdesError | undefined {
  if (code === undefined && message === undefined) return undefined
  return { ...(code === undefined ? {} : { code }), ...(message === undefined ? {} : { text: message }) }
}

function shown(value: string | undefined): string {
  return value === undefined ? 'missing' : JSON.stringify(value.slice(0, 20))
}
