import { checkPrimeSync, createPrivateKey, type KeyObject } from 'node:crypto'
import { fixtureKeys } from './fixture-keys.js'

const e = 65537n
const number = (text: string | undefined): bigint => BigInt(`0x${Buffer.from(text!, 'base64url').toString('hex')}`)
const base64Url = (value: bigint): string => {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url')
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [old, rest, oldFactor, factor] = [value % modulus, modulus, 1n, 0n]
  while (rest !== 0n) {
    const quotient = old / rest
    ;[old, rest] = [rest, old - quotient * rest]
    ;[oldFactor, factor] = [factor, oldFactor - quotient * factor]
  }
  return ((oldFactor % modulus) + modulus) % modulus
}

function nextPrime(from: bigint): bigint {
  for (let candidate = from; ; candidate += 2n) if (checkPrimeSync(candidate) && (candidate - 1n) % e !== 0n) return candidate
}

/** A whole RSA key of these primes: it works, however weak it is. */
export function keyOfPrimes(p: bigint, q: bigint): KeyObject {
  const d = inverse(e, (p - 1n) * (q - 1n))
  const values = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) }
  return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, base64Url(value)])) }, format: 'jwk' })
}

const primesOf = (key: KeyObject): readonly [bigint, bigint] => {
  const { p, q } = key.export({ format: 'jwk' })
  return [number(p), number(q)]
}

/** Its two primes are next to each other: CVE-2022-26320. */
export function closePrimes(): KeyObject {
  const [p] = primesOf(fixtureKeys.two)
  return keyOfPrimes(nextPrime(p + 2n), p)
}

/** Two keys with a prime in common. */
export function sharedPrime(): readonly [KeyObject, KeyObject] {
  const [p, q] = primesOf(fixtureKeys.two)
  return [fixtureKeys.two, keyOfPrimes(p, nextPrime(q + 2n))]
}
