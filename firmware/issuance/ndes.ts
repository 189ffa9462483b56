/** HRESULTs of Windows and its certificate services that say something to an administrator (winerror.h). */
const words: { readonly [code: string]: string } = {
  '80070005': 'access denied',
  '80070057': 'invalid parameter',
  '800706ba': 'the CA cannot be reached',
  '80094001': 'the subject name is invalid or too long',
  '80094012': 'the certificate template does not permit this requester',
  '80094800': 'the certificate template is not supported by this CA',
}

/**
 * What NDES says beside failInfo, for people.
 * @param code decimal HRESULT, signed or not
 * @returns undefined when it says nothing
 */
export function describeNdes(code: string | undefined, text: string | undefined): string | undefined {
  const number = code === undefined || !/^-?\d{1,10}$/.test(code) ? undefined : (Number(code) >>> 0).toString(16).padStart(8, '0')
  const parts = [number === undefined ? code : `0x${number}`, number === undefined ? undefined : words[number], text]
  const known = parts.filter((part) => part !== undefined && part !== '')
  return known.length === 0 ? undefined : known.join(': ')
}
