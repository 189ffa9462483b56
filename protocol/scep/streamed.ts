import { children, parse, type Value } from '../ber.js'

/** Bytes in one piece of a string. */
const pieceLength = 200

/** Levels down to which SEQUENCE and SET change their form: below them stand certificates, signers and recipients. */
const outerLevels = 3

/**
 * Rewrites a SignedData or EnvelopedData as senders write it that stream (C-18): indefinite lengths, and the content
 * as a string in pieces. Certificates and signed attributes keep their bytes, so every signature still holds.
 * @param cms DER @returns BER
 */
export function streamed(cms: Uint8Array): Uint8Array {
  return rewritten(parse(cms, 'A CMS'), 0)
}

function rewritten(value: Value, level: number): Uint8Array {
  const tag = value.raw[0] ?? 0
  if (value.constructed) {
    if (value.tagClass === 0 && level > outerLevels) return value.raw
    return indefinite(tag, children(value, 'A CMS').map((child) => rewritten(child, level + 1)))
  }
  // Strings stand below the outer levels: OCTET STRING in a SignedData, [0] in an EnvelopedData.
  const isString = value.tagClass === 2 || (value.tag === 4 && level > outerLevels)
  return isString ? indefinite(tag | 0x20, pieces(value.content)) : value.raw
}

/** X.690 section 8.1.3.6. */
function indefinite(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(tag, 0x80), ...parts, Uint8Array.of(0, 0)])
}

function pieces(content: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(content.length / pieceLength) }, (_unused, at) => {
    const piece = content.subarray(at * pieceLength, (at + 1) * pieceLength)
    return Buffer.concat([piece.length < 0x80 ? Uint8Array.of(4, piece.length) : Uint8Array.of(4, 0x81, piece.length), piece])
  })
}
