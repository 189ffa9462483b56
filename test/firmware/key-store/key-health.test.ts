import { checkPrimeSync, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import test from 'ava'
import { weaknessOf } from '../../../firmware/key-store/index.js'
import { fixtureKeys, largeKey } from '../../support/fixture-keys.js'

const number = (text: string | undefined): bigint => BigInt(`0x${Buffer.from(text!, 'base64url').toString('hex')}`)
const partsOf = (key: KeyObject) => {
  const { n, p, q } = createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'jwk' })
  return { modulus: number(n), p: number(p), q: number(q) }
}
const [one, two] = [partsOf(fixtureKeys.one), partsOf(fixtureKeys.two)]
const e = 65537n

function nextPrime(from: bigint, step = 2n): bigint {
  for (let candidate = from; ; candidate += step) if (checkPrimeSync(candidate)) return candidate
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus]
  for (let rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % modulus) if (rest & 1n) result = (result * square) % modulus
  return result
}

test('device.md 6: keys of a sound generator pass, of every size', (t) => {
  for (const key of [...Object.values(fixtureKeys), largeKey()]) t.is(weaknessOf({ modulus: partsOf(key).modulus, exponent: e }, []), undefined)
})

test('device.md 6: a modulus below 2048 bits is too small', (t) => {
  const { n } = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  t.is(weaknessOf({ modulus: number(n), exponent: e }, []), 'size')
  t.is(weaknessOf({ modulus: one.modulus >> 1n, exponent: e }, []), 'size')
})

test('CVE-2022-26320: primes close to each other are found, far ones are not', (t) => {
  t.is(weaknessOf({ modulus: one.p * nextPrime(one.p + 2n), exponent: e }, []), 'close-primes')
  const near = nextPrime(one.p + (1n << 500n) + (one.p % 2n === 1n ? 0n : 1n))
  t.is(weaknessOf({ modulus: one.p * near, exponent: e }, []), 'close-primes', 'the upper half in common')
  t.is(weaknessOf({ modulus: one.p * one.p, exponent: e }, []), 'close-primes', 'a square')
  t.is(weaknessOf({ modulus: one.p * two.p, exponent: e }, []), undefined)
})

test('a prime in common with another key is found, and so is the same key', (t) => {
  t.is(weaknessOf({ modulus: one.p * two.q, exponent: e }, [two.modulus]), 'shared-factor')
  t.is(weaknessOf({ modulus: one.modulus, exponent: e }, [two.modulus, one.modulus]), 'shared-factor')
  t.is(weaknessOf({ modulus: one.modulus, exponent: e }, [two.modulus]), undefined)
})

test('an even modulus and one with a small factor are found', (t) => {
  t.is(weaknessOf({ modulus: one.modulus * 2n, exponent: e }, []), 'small-factor')
  t.is(weaknessOf({ modulus: one.modulus * 8191n, exponent: e }, []), 'small-factor')
})

test('an exponent that is even, small or huge is refused', (t) => {
  for (const exponent of [1n, 3n, 65536n, 65538n, 2n ** 256n + 1n]) t.is(weaknessOf({ modulus: one.modulus, exponent }, []), 'exponent', String(exponent))
})

test('CVE-2017-15361: a key of the broken generator has its shape', (t) => {
  // Primes of that generator are k·M + (65537^a mod M), M the product of the first primes.
  const primes = Array.from({ length: 1000 }, (_, index) => index + 2).filter((value, _, all) => all.every((other) => other >= value || value % other !== 0))
  const product = primes.slice(0, 126).reduce((all, prime) => all * BigInt(prime), 1n)
  const broken = (seed: bigint): bigint => nextPrime(((1n << 1023n) / product + seed) * product + power(e, seed, product), product)
  const modulus = broken(1_000_000_007n << 20n) * broken(2_000_000_011n << 26n)
  t.is(weaknessOf({ modulus, exponent: e }, []), 'roca')
})

test('a key of 4096 bits is judged against seven others in well under a second', (t) => {
  const modulus = partsOf(largeKey()).modulus
  const others = Array.from({ length: 7 }, (_, index) => BigInt.asUintN(4096, modulus * (modulus >> BigInt(index + 1))) | 1n)
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now()
    t.is(weaknessOf({ modulus, exponent: e }, others), undefined)
    return performance.now() - start
  })
  t.log(`${Math.min(...times).toFixed(1)} ms`)
  t.true(Math.min(...times) < 500)
})
