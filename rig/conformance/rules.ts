/** The client rules of scep.md, each in one sentence. */
export const rules = {
  'C-1': 'GetCACaps, GetCACert, PKCSReq by binary POST, AES128-CBC and SHA-256; never single DES or MD5 outbound.',
  'C-2': 'The CA is pinned by a fingerprint; RA and intermediate certificates are verified up to it. No pin, no trust.',
  'C-3': 'GetCACaps is read tolerantly: blank lines, HTML, nothing, an HTTP error or another media type do no harm.',
  'C-4': 'Algorithms have a floor that neither a forged GetCACaps nor a badAlg can lower.',
  'C-5': 'GetCACert in any order; the RA is chosen by its role.',
  'C-6': 'The first request is signed by a self-signed certificate with the subject and key of the CSR, which is sent along.',
  'C-7': 'The transaction ID is unique per operation and random, no hash of the key.',
  'C-8': 'A fresh senderNonce of 16 bytes in each message; recipientNonce must equal it; a missing senderNonce in the reply is fine.',
  'C-9': 'On receipt: signature by a trusted signer, transaction ID, nonce, status, and the content last.',
  'C-10': 'A reply without certificates is verified with those of GetCACert.',
  'C-11': 'The issued certificate is the one with our key, wherever it stands; without one it is an error.',
  'C-12': 'FAILURE and PENDING with one zero byte of content are fine.',
  'C-13': 'PENDING: CertPoll with IssuerAndSubject in the same transaction, one request at a time.',
  'C-14': 'After a crash the poll goes on from the stored transaction; where the server does not know it, a new request works.',
  'C-15': 'Key transport RSAES-PKCS1-v1_5 out; OAEP is read where the server uses it.',
  'C-16': 'challengePassword is PrintableString when it fits, else UTF8String.',
  'C-17': 'POST with media type and length, not chunked; GET in base64 with all three special characters escaped.',
  'C-18': 'Signed attributes go out in DER order; unsorted ones and BER are read.',
  'C-19': 'Limits: size of a response, time for it, no redirect followed.',
  'C-20': 'RenewalReq only when the CA says Renewal, signed by the current certificate; GetNextCACert is believed only under the current CA.',
  'C-21': 'GetCert and GetCRL by issuer and serial number.',
  'C-22': 'Without a set clock signingTime is left out; no peer is judged by its signingTime.',
} as const

export type Rule = keyof typeof rules
export const ruleNames = Object.keys(rules) as readonly Rule[]
