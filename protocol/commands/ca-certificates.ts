/** CA certificates of the key store, and their lists of revoked certificates (device.md section 6). */
import * as z from 'zod'
import { command } from './definition.js'
import { material, oneOf, text } from './fields.js'
import { CA_FILE_PROMPT } from './prompts.js'
import { date, lines, shown, shownNames } from './replies.js'

const caName = text('name of the CA certificate', 1, 64)

export const caImport = command({
  name: 'ca import',
  summary: 'register a CA certificate, or the CRL of one',
  help: [
    'One certificate or one CRL, as PEM or as DER in base64; it is asked for after the line. A CRL goes to the CA certificate of that name, which must have made it, in place of an older one.',
    'A CRL that is registered is looked at whenever the CA vouches for an HTTPS server (comm set https-trust): a certificate on it is refused, and so is every certificate once the CRL has expired.',
  ],
  request: z.strictObject({ name: caName, data: material('CA certificate or CRL', false) }),
  reply: z.strictObject({ name: shown('Name'), kind: shownNames('Kind', ['certificate', 'crl']), subject: shown('Subject'), expires: date('Expires'), fingerprint: shown('SHA-256 fingerprint'), advice: shown('Advice').optional() }),
  positional: ['name'],
  secrets: [{ field: 'data', prompt: CA_FILE_PROMPT, paste: 'block' }],
  errors: ['ca-store-full', 'key-name-taken', 'key-not-found', 'certificate-not-valid-now', 'signature-invalid', 'algorithm-refused'],
  examples: ['ca import office'],
  idempotent: false,
})

export const caExport = command({
  name: 'ca export',
  summary: 'give a CA certificate as PEM, or as DER in base64',
  request: z.strictObject({ name: caName, format: oneOf('form', ['pem', 'der']).default('pem') }),
  reply: z.strictObject({ name: shown('Name'), subject: shown('Subject'), fingerprint: shown('SHA-256 fingerprint'), lines: lines() }),
  positional: ['name', 'format'],
  errors: ['key-not-found'],
  examples: ['ca export "CA 0123456789abcdef"', 'ca export office der'],
})

export const caDelete = command({
  name: 'ca delete',
  summary: 'delete a CA certificate and its CRL',
  help: ['The pinned CA, and one that a setting names, cannot be deleted; the answer says which.'],
  request: z.strictObject({ name: caName }),
  reply: z.strictObject({ name: shown('Name') }),
  positional: ['name'],
  errors: ['key-not-found', 'ca-in-use'],
  examples: ['ca delete office'],
  idempotent: false,
})
