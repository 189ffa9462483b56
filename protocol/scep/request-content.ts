import { integerHex, parse, sequence as readSequence } from '../ber.js'
import { readName, type Name } from './distinguished-name.js'
import { integer, sequence } from '../der.js'
import { malformed, reading } from '../malformed.js'

/** Content of CertPoll (section 3.3.3). Both are Names in DER. */
export interface IssuerAndSubject {
  readonly issuer: Name
  readonly subject: Name
}

/** Content of GetCert and GetCRL (section 3.3.4). */
export interface IssuerAndSerial {
  readonly issuer: Name
  /** Lower-case hex of whole bytes, as in `Certificate`. */
  readonly serial: string
}

/** @param issuer the subject of the CA that will issue (C-13), a Name in DER @param subject that of the CSR */
export function buildIssuerAndSubject(issuer: Uint8Array, subject: Uint8Array): Uint8Array {
  return sequence(issuer, subject)
}

/** @throws bad-response */
export function readIssuerAndSubject(der: Uint8Array): IssuerAndSubject {
  return reading('An IssuerAndSubject', () => {
    const [issuer, subject, ...more] = readSequence(parse(der, 'An IssuerAndSubject'), 'An IssuerAndSubject')
    if (more.length > 0) throw malformed('An IssuerAndSubject has more than two parts.')
    return { issuer: readName(issuer, 'The issuer'), subject: readName(subject, 'The subject') }
  })
}

/** @param issuer a Name in DER @param serial hex */
export function buildIssuerAndSerial(issuer: Uint8Array, serial: string): Uint8Array {
  return sequence(issuer, integer(serial))
}

/** @throws bad-response */
export function readIssuerAndSerial(der: Uint8Array): IssuerAndSerial {
  return reading('An IssuerAndSerialNumber', () => {
    const [issuer, serial, ...more] = readSequence(parse(der, 'An IssuerAndSerialNumber'), 'An IssuerAndSerialNumber')
    if (more.length > 0) throw malformed('An IssuerAndSerialNumber has more than two parts.')
    return { issuer: readName(issuer, 'The issuer'), serial: integerHex(serial, 'The serial number') }
  })
}
