import { isSelfSigned, readCertificate, sameBytes, type Certificate } from '../../../protocol/scep/index.js'
import { createHash } from 'node:crypto'
import { every, fail, inconclusive, messagesOf, pass, refused, refuses, shows, takes, unobservable, type Check, type Finding } from '../check.js'
import type { Observed } from '../witness.js'

function signerOf({ message }: Observed): Certificate | undefined {
  return message?.certificates.map((der) => readCertificate(der)).find((certificate) => message.signerId.serial === certificate.serial || sameBytes(message.signerId.keyIdentifier ?? new Uint8Array(), certificate.keyIdentifier ?? new Uint8Array(1)))
}

function firstSigner(seen: Observed): string | undefined {
  const [certificate, csr] = [signerOf(seen), seen.csr]
  if (certificate === undefined) return 'The signer\'s certificate is not in the message.'
  if (csr === undefined) return 'The request could not be read.'
  if (!isSelfSigned(certificate)) return 'The signer\'s certificate is not self-signed.'
  if (!sameBytes(certificate.spki, csr.spki)) return 'The signer\'s key is not that of the CSR.'
  if (!sameBytes(certificate.subjectDer, csr.subjectDer)) return `The signer's certificate says ${certificate.subject}, the CSR ${csr.subject}.`
  const { keyUsage } = certificate
  return keyUsage === undefined || (keyUsage.has('digitalSignature') && keyUsage.has('keyEncipherment')) ? undefined : `The key usage of the signer's certificate is ${[...keyUsage].join(', ')}.`
}

/** All the ways in which a hash of the key is written as a transaction ID. */
function isHashOfKey({ message, csr }: Observed): boolean {
  const id = message?.transactionId ?? ''
  const forms = csr === undefined ? [] : [csr.spki, new Uint8Array(csr.publicKey.export({ format: 'der', type: 'pkcs1' }))]
  return forms.some((form) => ['md5', 'sha1', 'sha256', 'sha384', 'sha512'].some((digest) => {
    const hash = createHash(digest).update(form).digest()
    return [hash.toString('base64'), hash.toString('base64url')].includes(id) || hash.toString('hex') === id.replaceAll(':', '').toLowerCase()
  }))
}

const nonce = ({ message }: Observed): string => Buffer.from(message?.senderNonce ?? []).toString('hex')

function order(name: string, faults: Check['script']['faults'], code: string): Check {
  return {
    rule: 'C-9', name, expectation: `With ${faults.map((fault) => (typeof fault === 'string' ? fault : fault.fault)).join(', ')} together the first in the order counts: ${code}.`, script: { faults },
    play: async (stage) => {
      if (stage.subject.kind === 'command') return unobservable('A command line does not tell which of several faults it found first.')
      const enrolment = await stage.prepare()
      stage.misbehave({ faults })
      return refused(stage, await enrolment.enrol(), faults, code)
    },
  }
}

/** The client asks a server with another CA than the one it trusts. */
async function otherAuthority(stage: Parameters<Check['play']>[0], trust: 'nobody' | 'impostor'): Promise<Finding> {
  const ended = await (await stage.prepare({ trust: trust === 'nobody' ? 'nobody' : stage.impostor })).enrol()
  const sent = messagesOf(stage.witness.seen).length
  if (ended.enrolled) return fail(stage.canTrust ? 'It enrolled with it.' : 'It enrolled, although nobody has told it which CA to trust.')
  if (sent > 0) return fail(`It sent a request to it: ${ended.said}`)
  return ended.hung ? inconclusive(`It did not end in time: ${ended.said}`) : pass(ended.said)
}

export const trustChecks: readonly Check[] = [
  {
    rule: 'C-2', name: 'no-pin', expectation: 'Without a pin nothing is sent to a server.', script: { faults: [] },
    play: (stage) => otherAuthority(stage, 'nobody'),
  },
  {
    rule: 'C-2', name: 'other-ca', expectation: 'A server with another CA than the pinned one gets no request.', script: { faults: [] },
    play: (stage) => (stage.canTrust ? otherAuthority(stage, 'impostor') : Promise.resolve(fail('It cannot be told which CA to trust: its command line has neither {fingerprint} nor {ca}.'))),
  },
  refuses('C-2', 'chain-missing', 'A certificate whose chain does not lead to the pinned CA is refused.', ['chain-missing'], 'chain-not-trusted'),
  takes('C-5', 'two-ras', 'With one RA to sign and one to decrypt each is used for its role.', [], { ra: 'two' }),
  takes('C-5', 'no-ra', 'Without an RA the CA does both.', [], { ra: 'none' }),
  takes('C-5', 'any-order', 'The certificates of GetCACert come in any order.', [{ fault: 'chain-shuffled', operation: 'GetCACert' }], { ra: 'two' }),
  shows('C-6', 'own-signature', 'Signed by a self-signed certificate with the subject and key of the CSR, sent along.', (messages) => every(messages.slice(0, 1), 'Self-signed, the CSR\'s subject and key', firstSigner)),
  shows('C-7', 'random-id', 'The transaction ID is no hash of the key.', (messages) => every(messages, 'No hash of the key that we know of', (seen) => (isHashOfKey(seen) ? `The transaction ID ${seen.message?.transactionId ?? ''} is a hash of the key.` : undefined))),
  {
    rule: 'C-7', name: 'unique-id', expectation: 'Each operation has a transaction ID of its own, with the same key too.', script: { faults: [] },
    play: async (stage) => {
      const enrolment = await stage.prepare()
      await enrolment.enrol()
      await enrolment.enrol()
      await enrolment.enrol({ again: true })
      const ids = messagesOf(stage.witness.seen).map(({ message }) => message?.transactionId)
      if (ids.length < 2) return inconclusive('It sent fewer than two requests.')
      return new Set(ids).size === ids.length ? pass(`${ids.length} operations, ${ids.length} IDs.`) : fail('Two operations had the same transaction ID.')
    },
  },
  shows('C-8', 'nonce-length', 'senderNonce has 16 bytes.', (messages) => every(messages, '16 bytes', (seen) => (nonce(seen).length === 32 ? undefined : `senderNonce has ${nonce(seen).length / 2} bytes.`))),
  {
    rule: 'C-8', name: 'fresh-nonce', expectation: 'Each message has a nonce of its own, polls too.', script: { faults: ['pending'] },
    play: async (stage) => {
      const enrolment = await stage.prepare()
      stage.misbehave({ faults: ['pending'] })
      await enrolment.enrol()
      const nonces = messagesOf(stage.witness.seen).map(nonce)
      if (nonces.length < 2) return inconclusive('It sent fewer than two messages.')
      return new Set(nonces).size === nonces.length ? pass(`${nonces.length} messages, ${nonces.length} nonces.`) : fail('Two messages had the same nonce.')
    },
  },
  refuses('C-8', 'wrong-nonce', 'A reply with another recipientNonce is refused.', ['wrong-nonce'], 'nonce-mismatch'),
  refuses('C-8', 'short-nonce', 'The first half of the right nonce is not the right nonce.', ['short-nonce'], 'nonce-mismatch'),
  refuses('C-8', 'no-nonce', 'A reply without recipientNonce is refused.', ['no-nonce'], 'nonce-mismatch'),
  takes('C-8', 'no-sender-nonce', 'A reply without senderNonce is taken.', ['no-sender-nonce']),
  refuses('C-9', 'other-signer', 'A reply signed by a stranger, who sends his certificate along, is refused.', ['other-signer'], 'signature-invalid'),
  refuses('C-9', 'look-alike-signer', 'A stranger under the name and serial number of the right signer is refused.', ['look-alike-signer'], 'signature-invalid'),
  refuses('C-9', 'other-transaction', 'A reply for another transaction is refused.', ['other-transaction'], 'other-transaction'),
  order('signature-first', ['other-signer', 'other-transaction', 'wrong-nonce', 'fail'], 'signature-invalid'),
  order('transaction-second', ['other-transaction', 'wrong-nonce', 'fail'], 'other-transaction'),
  order('nonce-third', ['wrong-nonce', 'fail'], 'nonce-mismatch'),
  order('status-before-content', ['fail', 'des-reply'], 'scep-failure'),
  takes('C-10', 'no-certs', 'A reply without any certificate is verified with those of GetCACert.', ['no-certs']),
  refuses('C-11', 'wrong-key', 'A certificate for another key is refused.', ['wrong-key-cert'], 'certificate-not-for-our-key'),
  takes('C-11', 'leaf-last', 'The certificate is found by our key, behind its chain.', [{ fault: 'chain-shuffled', operation: 'PKIOperation' }]),
]
