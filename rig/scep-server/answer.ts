import { writeCaCertificates, writeCapabilities, type Capabilities } from '../../protocol/scep/index.js'
import type { HttpReply } from '../platform/index.js'
import type { Exchange } from './exchange.js'
import type { Office } from './office.js'
import { answerPkiOperation } from './pki-operation.js'
import { textReply } from './text-reply.js'

const capabilities: Partial<Capabilities> = { aes: true, des3: true, post: true, renewal: true, sha1: true, sha256: true, sha512: true, standard: true }

/** The answer of a server that behaves, but for what the exchange was told to do differently. */
export async function answerExchange(exchange: Exchange, office: Office): Promise<HttpReply> {
  const { call: { operation }, nextCa } = exchange
  switch (operation) {
    case 'GetCACaps': return { kind: 'reply', status: 200, headers: { 'content-type': 'text/plain' }, body: writeCapabilities({ ...capabilities, getNextCaCert: nextCa !== undefined }) }
    case 'GetCACert': {
      const { mediaType, bytes } = writeCaCertificates(office.authority.certificates)
      return { kind: 'reply', status: 200, headers: { 'content-type': mediaType }, body: bytes }
    }
    case 'GetNextCACert': {
      if (nextCa === undefined) return textReply(404, 'there is no next CA certificate\n')
      const { mediaType, bytes } = office.authority.announce(nextCa)
      return { kind: 'reply', status: 200, headers: { 'content-type': mediaType }, body: bytes }
    }
    case 'PKIOperation': return answerPkiOperation(exchange, office)
  }
}
