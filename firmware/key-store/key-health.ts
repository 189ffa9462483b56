/**
 * Whether an RSA public key is sound, as far as the public part shows (device.md section 6). Printers have shipped keys
 * that fall to each of these tests: CVE-2022-26320 (close primes, by Fermat), CVE-2017-15361 (ROCA). Pure.
 */
import type { KeyObject } from 'node:crypto'
import { PlatenError } from '../../protocol/errors.js'

export type KeyWeakness = 'not-rsa' | 'size' | 'exponent' | 'small-factor' | 'close-primes' | 'shared-factor' | 'roca'

export interface RsaPublicKey {
  readonly modulus: bigint
  readonly exponent: bigint
}

const sizeFloor = 2048
const fermatSteps = 100

/** NIST SP 800-56B section 6.2: 65,537 ≤ e < 2^256, odd. */
const exponentFloor = 65537n
const exponentCeiling = 2n ** 256n

/** The odd primes up to 167, which the published ROCA test uses; their product leaves no useful key with a factor among them. */
const fingerprintPrimes = primesUpTo(167).slice(1)
const smallPrimes = primesUpTo(8192)
const smallProduct = smallPrimes.reduce((product, prime) => product * BigInt(prime), 1n)

/** For each prime, the residues that powers of 65537 can have: what every modulus of the broken generator is. */
const generatedResidues = fingerprintPrimes.map((prime) => {
  const residues = new Set<number>()
  for (let residue = 1; !residues.has(residue); residue = (residue * 65537) % prime) residues.add(residue)
  return residues
})

const reasons: Readonly<Record<KeyWeakness, string>> = {
  'not-rsa': 'it is not an RSA key',
  size: `its modulus has fewer than ${sizeFloor} bits`,
  exponent: 'its public exponent is even, below 65537 or far too large',
  'small-factor': 'its modulus has a small factor',
  'close-primes': 'its two primes are so close that they can be computed (CVE-2022-26320)',
  'shared-factor': 'it shares a prime with another key in the store',
  roca: 'it has the shape of a broken key generator (ROCA, CVE-2017-15361)',
}

/** @param others public keys to compare with; one with the same modulus counts as sharing its factors */
export function weaknessOf({ modulus, exponent }: RsaPublicKey, others: readonly bigint[]): KeyWeakness | undefined {
  if (modulus.toString(16).length * 4 < sizeFloor || modulus >> BigInt(sizeFloor - 1) === 0n) return 'size'
  if (exponent % 2n === 0n || exponent < exponentFloor || exponent >= exponentCeiling) return 'exponent'
  if (greatestCommonDivisor(modulus % smallProduct, smallProduct) !== 1n) return 'small-factor'
  if (hasClosePrimes(modulus)) return 'close-primes'
  if (others.some((other) => greatestCommonDivisor(modulus, other) !== 1n)) return 'shared-factor'
  if (fingerprintPrimes.every((prime, index) => generatedResidues[index]?.has(Number(modulus % BigInt(prime))))) return 'roca'
  return undefined
}

/** @throws weak-key (facts.weakness) */
export function checkKeyHealth(key: KeyObject, name: string, others: readonly KeyObject[]): void {
  const publicKey = rsaPublicKey(key)
  const weakness = publicKey === undefined ? 'not-rsa' : weaknessOf(publicKey, others.flatMap((other) => rsaPublicKey(other)?.modulus ?? []))
  if (weakness === undefined) return
  throw new PlatenError('weak-key', `the key ${JSON.stringify(name)} is refused: ${reasons[weakness]}`, {
    facts: { name, weakness },
    fix: 'Generate another key; if that is refused too, the random source of this board is not to be trusted.',
  })
}

/** @returns undefined when the key is not RSA */
export function rsaPublicKey(key: KeyObject): RsaPublicKey | undefined {
  const { n, e } = key.asymmetricKeyType === 'rsa' ? key.export({ format: 'jwk' }) : {}
  return n === undefined || e === undefined ? undefined : { modulus: fromBase64Url(n), exponent: fromBase64Url(e) }
}

/** Fermat: n = a² − b² with a near √n; found at once when the primes agree in their upper half. */
function hasClosePrimes(modulus: bigint): boolean {
  let a = squareRoot(modulus)
  if (a * a < modulus) a += 1n
  for (let step = 0; step < fermatSteps; step += 1, a += 1n) {
    if (isSquare(a * a - modulus)) return true
  }
  return false
}

function isSquare(value: bigint): boolean {
  // Of all residues modulo 64 only 12 are squares; this spares most roots.
  if (!squaresModulo64.has(Number(value & 63n))) return false
  const root = squareRoot(value)
  return root * root === value
}

const squaresModulo64 = new Set(Array.from({ length: 64 }, (_, root) => (root * root) % 64))

/** Newton's method from above, whole numbers, rounded down. */
function squareRoot(value: bigint): bigint {
  if (value < 2n) return value
  let root = 1n << BigInt((value.toString(16).length * 4 + 1) >> 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b]
  return a
}

function primesUpTo(limit: number): readonly number[] {
  const primes: number[] = []
  for (let candidate = 2; candidate <= limit; candidate += 1) {
    if (primes.every((prime) => prime * prime > candidate || candidate % prime !== 0)) primes.push(candidate)
  }
  return primes
}

function fromBase64Url(text: string): bigint {
  return BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`)
}
