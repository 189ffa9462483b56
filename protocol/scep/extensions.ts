import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'
import { children, isContext, isUniversal, objectIdentifier as readIdentifier, octetString, parse, primitive, sequence as readSequence, type Value } from '../ber.js'
import { bytesOf, objectIdentifier, octetString as octets, sequence, tagged } from '../der.js'
import { ipAddressBytes, ipAddressText } from './ip-address.js'
import { malformed } from '../malformed.js'
import { extensions, nameOf } from './names.js'

/** RFC 5280 section 4.2.1.3, in the order of the bits. */
const keyUsages = ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement', 'keyCertSign', 'cRLSign'] as const
export type KeyUsageBit = (typeof keyUsages)[number]

/** RFC 5280 section 4.2.1.12. */
const purposes = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  /** RFC 4945 section 5.1.3.12. */
  ipsecIke: '1.3.6.1.5.5.7.3.17',
} as const
export type KeyPurpose = keyof typeof purposes

/** What certificates and requests say beside the name and the key. */
export interface Extensions {
  /** Undefined when the extension is absent: then every use is allowed. */
  readonly keyUsage: ReadonlySet<KeyUsageBit> | undefined
  /** Known purposes by name, others in dotted form; undefined when absent. */
  readonly extendedKeyUsage: ReadonlySet<string> | undefined
  readonly dnsNames: readonly string[]
  /** IPv4 dotted, IPv6 as in RFC 5952. */
  readonly ipAddresses: readonly string[]
  readonly isCa: boolean
  /** How many CAs may follow below this one; undefined when there is no limit. */
  readonly pathLength: number | undefined
  /** Critical extensions that we do not know, dotted. */
  readonly unknownCritical: readonly string[]
  /** subjectKeyIdentifier: what the certificates it issues name it by. */
  readonly keyIdentifier: Uint8Array | undefined
}

export interface ExtensionFields {
  readonly isCa?: boolean
  readonly pathLength?: number
  readonly keyUsage?: readonly KeyUsageBit[]
  readonly extendedKeyUsage?: readonly KeyPurpose[]
  readonly dnsNames?: readonly string[]
  readonly ipAddresses?: readonly string[]
}

/** The encoded extensions, one by one. */
export function extensionList(fields: ExtensionFields): readonly Uint8Array[] {
  const names = [
    // GeneralName (RFC 5280 section 4.2.1.6): 2 is dNSName, 7 is iPAddress.
    ...(fields.dnsNames ?? []).map((value) => new pkijs.GeneralName({ type: 2, value })),
    ...(fields.ipAddresses ?? []).map((address) => new pkijs.GeneralName({ type: 7, value: new asn1js.OctetString({ valueHex: addressBytes(address) }) })),
  ]
  return [
    ...(fields.isCa === undefined ? [] : [extension('basicConstraints', true, bytesOf(basicConstraints(fields)))]),
    ...(fields.keyUsage === undefined || fields.keyUsage.length === 0 ? [] : [extension('keyUsage', true, keyUsageDer(fields.keyUsage))]),
    ...(fields.extendedKeyUsage === undefined || fields.extendedKeyUsage.length === 0
      ? [] : [extension('extendedKeyUsage', false, bytesOf(new pkijs.ExtKeyUsage({ keyPurposes: fields.extendedKeyUsage.map((purpose) => purposes[purpose]) }).toSchema()))]),
    ...(names.length === 0 ? [] : [extension('subjectAltName', false, bytesOf(new pkijs.AltName({ altNames: names }).toSchema()))]),
  ]
}

/** One Extension (RFC 5280 section 4.1). */
export function extension(name: keyof typeof extensions, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(extensions[name]), ...(critical ? [tagged(0x01, Uint8Array.of(0xff))] : []), octets(value))
}

/** @param value Extensions, or undefined when there are none. @throws bad-response */
export function readExtensions(value: Value | undefined, what: string): Extensions {
  const found = new Map<string, Uint8Array>()
  const unknownCritical: string[] = []
  for (const item of value === undefined ? [] : readSequence(value, what)) {
    const parts = children(item, what)
    const identifier = readIdentifier(parts[0], what)
    const critical = isUniversal(parts[1], 'boolean') && parts[1].content[0] !== 0
    if (found.has(identifier)) throw malformed(`${what} holds the extension ${identifier} twice.`)
    found.set(identifier, octetString(parts[parts.length - 1], what))
    if (critical && nameOf(extensions, identifier) === undefined) unknownCritical.push(identifier)
  }
  const at = (name: keyof typeof extensions): Value | undefined => {
    const bytes = found.get(extensions[name])
    return bytes === undefined ? undefined : parse(bytes, `${name} of ${what}`)
  }
  const keyIdentifier = at('subjectKeyIdentifier')
  return {
    ...readConstraints(at('basicConstraints')),
    ...readNames(at('subjectAltName'), what),
    keyUsage: readKeyUsage(at('keyUsage'), what),
    extendedKeyUsage: readPurposes(at('extendedKeyUsage'), what),
    unknownCritical,
    keyIdentifier: keyIdentifier === undefined ? undefined : Uint8Array.from(octetString(keyIdentifier, what)),
  }
}

function basicConstraints(fields: ExtensionFields): asn1js.Sequence {
  return new pkijs.BasicConstraints({
    cA: fields.isCa === true,
    ...(fields.pathLength === undefined ? {} : { pathLenConstraint: fields.pathLength }),
  }).toSchema()
}

function keyUsageDer(usages: readonly KeyUsageBit[]): Uint8Array {
  const bits = usages.reduce((sum, usage) => sum | (0x80 >> keyUsages.indexOf(usage)), 0)
  // DER: the unused bits at the end are those after the last 1 (X.690 section 11.2).
  const unused = Math.clz32(bits & -bits) === 32 ? 0 : 31 - Math.clz32(bits & -bits)
  return tagged(0x03, Uint8Array.of(unused, bits))
}

function addressBytes(address: string): Uint8Array {
  const bytes = ipAddressBytes(address)
  if (bytes === undefined) throw new TypeError(`not an IP address: ${address}`)
  return bytes
}

function readConstraints(value: Value | undefined): Pick<Extensions, 'isCa' | 'pathLength'> {
  if (value === undefined) return { isCa: false, pathLength: undefined }
  const { cA, pathLenConstraint } = pkijs.BasicConstraints.fromBER(Uint8Array.from(shortRaw(value)))
  if (pathLenConstraint !== undefined && typeof pathLenConstraint !== 'number') throw malformed('The path length of a certificate is out of range.')
  return { isCa: cA, pathLength: pathLenConstraint }
}

/** A flag and a small number need no more; what is longer never reaches the library. */
function shortRaw(value: Value): Uint8Array {
  if (value.raw.length > 16) throw malformed('The basicConstraints of a certificate are too long.')
  return value.raw
}

function readKeyUsage(value: Value | undefined, what: string): Extensions['keyUsage'] {
  if (value === undefined) return undefined
  const bits = primitive(value, 'bitString', `keyUsage of ${what}`)[1] ?? 0
  return new Set(keyUsages.filter((_, index) => (bits & (0x80 >> index)) !== 0))
}

function readPurposes(value: Value | undefined, what: string): Extensions['extendedKeyUsage'] {
  if (value === undefined) return undefined
  return new Set(readSequence(value, what).map((purpose) => readIdentifier(purpose, what)).map((identifier) => nameOf(purposes, identifier) ?? identifier))
}

function readNames(value: Value | undefined, what: string): Pick<Extensions, 'dnsNames' | 'ipAddresses'> {
  const dnsNames: string[] = []
  const ipAddresses: string[] = []
  for (const name of value === undefined ? [] : readSequence(value, what)) {
    if (name.constructed) continue
    if (isContext(name, 2)) dnsNames.push(Buffer.from(name.content).toString('latin1'))
    const address = isContext(name, 7) ? ipAddressText(name.content) : undefined
    if (address !== undefined) ipAddresses.push(address)
  }
  return { dnsNames, ipAddresses }
}
