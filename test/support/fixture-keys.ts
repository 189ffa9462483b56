import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'

const load = (name: string): KeyObject => createPrivateKey(readFileSync(`test/vectors/keys/${name}.pem`))

/** Committed RSA keys for tests (test/vectors/keys), because generating one takes longer than most tests. */
export const fixtureKeys: Readonly<Record<'one' | 'two' | 'three' | 'four', KeyObject>> = {
  one: load('rsa2048-1'),
  two: load('rsa2048-2'),
  three: load('rsa2048-3'),
  four: load('rsa2048-4'),
}

/** 4096 bits; each private operation takes some milliseconds. */
export const largeKey = (): KeyObject => load('rsa4096-1')
