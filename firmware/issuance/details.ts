import type { ErrorCode, PlatenError } from '../../protocol/errors.js'

/** What an administrator reads about a request that did not succeed (device.md section 5). */
export interface Explanation {
  /** The text of the column Details, verbatim. */
  readonly details: string
  readonly code: ErrorCode
  /** What happens next, and when. */
  readonly next: string
  /** What an administrator can do about it. */
  readonly advice: string
}

interface Words {
  readonly details: string
  readonly advice: string
}

/** The texts that need no fact of the error. The first three are those of device.md, the others ours in their style. */
const texts: { readonly [Code in ErrorCode]?: Words } = {
  'deferred': { details: 'Deferred', advice: 'Ask the operator of the CA to approve the request, then ask again with poll.' },
  'store-full': { details: 'Key and Certificate Registration Limit Error', advice: 'Delete a key that is not in use, then send the request again.' },
  'connect-failed': { details: 'Communication Error (TOP ERROR)', advice: 'Check SCEP Server URL, Port Number, DNS and the network, then send the request again.' },
  'timed-out': { details: 'Communication Error (TOP ERROR)', advice: 'Check that the server runs, or set a longer Communication Timeout, then send the request again.' },
  'redirect-refused': { details: 'Communication Error (Redirect Refused)', advice: 'Set SCEP Server URL to the address that the server sends to.' },
  'tls-untrusted': { details: 'Communication Error (HTTPS Server Not Trusted)', advice: 'Register the CA certificate of the HTTPS server, or check that its name is the one in SCEP Server URL.' },
  'response-too-large': { details: 'Response Error (Too Large)', advice: 'Check that SCEP Server URL leads to a SCEP server.' },
  'bad-response': { details: 'Response Error (Not Readable)', advice: 'Check that SCEP Server URL leads to a SCEP server.' },
  'signature-invalid': { details: 'Response Error (Signature Invalid)', advice: 'The response was not signed by the pinned CA or its RA. Check the server and the network in between.' },
  'other-transaction': { details: 'Response Error (Other Transaction)', advice: 'The response belongs to another request. Check for a proxy or a cache in between, then send the request again.' },
  'nonce-mismatch': { details: 'Response Error (Nonce Mismatch)', advice: 'The response may be a replay. Check for a proxy or a cache in between, then send the request again.' },
  'undecryptable': { details: 'Response Error (Not Decryptable)', advice: 'Check which algorithms the server uses for its replies.' },
  'algorithm-refused': { details: 'Response Error (Algorithm Refused)', advice: 'Let the server use SHA-256 and AES; a server that cannot needs the policy legacy.' },
  'certificate-not-for-our-key': { details: 'Certificate Error (Not For Our Key)', advice: 'The server sent no certificate for the key of this request. Ask the operator of the CA.' },
  'chain-not-trusted': { details: 'Certificate Error (Chain Not Trusted)', advice: 'The certificate does not lead to the pinned CA. Check the CA fingerprint and the chain that the server sends.' },
  'certificate-not-valid-now': { details: 'Certificate Error (Not Valid Now)', advice: 'Compare the clocks of this machine and of the CA.' },
  'ca-mismatch': { details: 'CA Error (Fingerprint Mismatch)', advice: 'The server has another CA than the pinned one. Fetch the CA, compare its fingerprint with the operator of the CA, and pin it again only if it is right.' },
  'ca-not-pinned': { details: 'CA Error (Not Pinned)', advice: 'Fetch the CA, compare its fingerprint with the operator of the CA, and pin it.' },
  'clock-not-set': { details: 'Clock Not Set', advice: 'Set the clock of this machine or its time server.' },
  'weak-key': { details: 'Key Error (Weak Key)', advice: 'Send the request again, so that a new key is made.' },
  'key-name-taken': { details: 'Key Error (Key Name In Use)', advice: 'Choose another key name.' },
  'key-not-found': { details: 'Key Error (Key Not Found)', advice: 'The key of this request was deleted. Send a new request.' },
  'disk-failed': { details: 'Storage Error', advice: 'Check the storage of this machine: it may be full or failing.' },
  'interrupted': { details: 'Interrupted By Restart', advice: 'Send the request again.' },
  'use-cannot-serve': { details: 'Key Use Error (Cannot Serve)', advice: 'The certificate is kept in the store. Assign it to a use that it fits, or request one that fits this use.' },
  'probe-failed': { details: 'Key Use Error (Probe Failed)', advice: 'The certificate is kept in the store and the previous key serves again. Look at the log, then assign the key.' },
  'listen-failed': { details: 'Key Use Error (Cannot Listen)', advice: 'The certificate is kept in the store. Free the port that the function needs, then assign the key.' },
}

/** RFC 8894 section 3.2.1.4; the number stands in the text, so administrators look it up by it. */
const failInfoAdvice: readonly string[] = [
  'The server does not accept the algorithms of the request: choose another Signature Algorithm or Key Length.',
  'The server could not check or open the request: fetch the CA again and compare its fingerprint.',
  'The server does not permit the request: check the challenge password, the names in the request, and whether the server still accepts it.',
  'Compare the clocks of this machine and of the server.',
  'The server found no certificate or transaction that matches.',
]

/**
 * Puts an error into the words of the status table.
 * @param transactionKept whether poll can still ask the server for the answer
 */
export function explain(error: PlatenError, { transactionKept, polled = false }: { readonly transactionKept: boolean; readonly polled?: boolean }): Explanation {
  const words = wordsFor(error, polled)
  const next = transactionKept
    ? `The transaction is kept: poll asks the server again.${waitAdvice(error)}`
    : 'The request has ended; nothing is sent again by itself.'
  return { details: words.details, code: error.code, next, advice: words.advice }
}

function wordsFor(error: PlatenError, polled: boolean): Words {
  if (error.code === 'http-status') return httpWords(Number(error.facts['status']))
  if (error.code === 'scep-failure') return failureWords(Number(error.facts['failInfo']), polled)
  if (error.code === 'quirk-refused') return quirkWords(String(error.facts['quirk']))
  return texts[error.code] ?? { details: `Internal Error (${error.code})`, advice: error.fix === '' ? 'Look at the log and report it.' : error.fix }
}

function httpWords(status: number): Words {
  const advice = status === 404 || status === 405 ? 'Check the path in SCEP Server URL.'
    : status === 401 || status === 403 ? 'The server does not let this machine in: ask its operator.'
      : status >= 500 ? 'The server has a fault of its own: ask its operator, then send the request again.'
        : 'Check SCEP Server URL and ask the operator of the server.'
  return { details: `Communication Error (TOP ERROR ${status})`, advice }
}

function failureWords(failInfo: number, polled: boolean): Words {
  if (Number.isNaN(failInfo)) return { details: 'Communication Error (SCEP ERROR)', advice: 'The server refused without a reason of the standard: ask its operator.' }
  const advice = polled && failInfo === 4
    ? 'The server does not know this transaction any more. Send a new request.'
    : failInfoAdvice[failInfo] ?? 'Ask the operator of the server.'
  return { details: `Communication Error (SCEP ERROR Fail Info ${failInfo})`, advice }
}

function quirkWords(quirk: string): Words {
  return {
    details: `Response Error (Quirk ${quirk} Refused)`,
    advice: `The server's reply needs ${quirk.replaceAll(', ', ' and ')}, which the policy legacy alone allows: set policy=legacy if this old server has to be used.`,
  }
}

function waitAdvice(error: PlatenError): string {
  const wait = error.facts['retryAfterSeconds']
  return typeof wait === 'number' ? ` The server asks to wait ${wait} s before.` : ''
}
