/**
 * RC2 (RFC 2268), decryption in CBC mode. OpenSSL 3 keeps it in a provider that is not loaded, and old PKCS#12 files
 * have their certificates under it. It is read, never written.
 */

/** PITABLE of RFC 2268 section 2: a permutation of 0 to 255 from the digits of pi. */
const piTable = Uint8Array.from(Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2'
  + '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82'
  + '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626'
  + '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7'
  + '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec'
  + 'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731'
  + '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9'
  + '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad', 'hex'))

export const rc2BlockLength = 8

/**
 * @param effectiveBits how much of the key counts (section 2)
 * @returns undefined when the lengths or the padding are wrong
 */
export function decryptRc2(key: Uint8Array, effectiveBits: number, iv: Uint8Array, encrypted: Uint8Array): Uint8Array | undefined {
  if (iv.length !== rc2BlockLength || encrypted.length === 0 || encrypted.length % rc2BlockLength !== 0) return undefined
  const words = expandRc2Key(key, effectiveBits)
  const clear = new Uint8Array(encrypted.length)
  for (let at = 0; at < encrypted.length; at += rc2BlockLength) {
    const before = at === 0 ? iv : encrypted.subarray(at - rc2BlockLength, at)
    clear.set(decryptRc2Block(words, encrypted.subarray(at, at + rc2BlockLength)).map((byte, index) => byte ^ (before[index] ?? 0)), at)
  }
  const padding = clear.at(-1) ?? 0
  const padded = padding >= 1 && padding <= rc2BlockLength && clear.subarray(-padding).every((byte) => byte === padding)
  return padded ? clear.subarray(0, -padding) : undefined
}

/** Key expansion, section 2: 64 words of 16 bits. @param key 1 to 128 bytes */
export function expandRc2Key(key: Uint8Array, effectiveBits: number): Uint16Array {
  const bytes = new Uint8Array(128)
  bytes.set(key)
  for (let at = key.length; at < 128; at += 1) bytes[at] = pi(byteAt(bytes, at - 1) + byteAt(bytes, at - key.length))
  const effective = Math.ceil(effectiveBits / 8)
  const mask = 0xff >> (8 * effective - effectiveBits)
  bytes[128 - effective] = pi(byteAt(bytes, 128 - effective) & mask)
  for (let at = 127 - effective; at >= 0; at -= 1) bytes[at] = pi(byteAt(bytes, at + 1) ^ byteAt(bytes, at + effective))
  return Uint16Array.from({ length: 64 }, (_, index) => byteAt(bytes, 2 * index) | (byteAt(bytes, 2 * index + 1) << 8))
}

/** Section 4: five rounds of r-mixing, one of r-mashing, six, one, five. */
export function decryptRc2Block(words: Uint16Array, block: Uint8Array): Uint8Array {
  const state = Uint16Array.from({ length: 4 }, (_, index) => (block[2 * index] ?? 0) | ((block[2 * index + 1] ?? 0) << 8))
  let word = 63
  const mix = (rounds: number): void => {
    for (let round = 0; round < rounds; round += 1) for (let index = 3; index >= 0; index -= 1, word -= 1) mixBack(state, index, wordAt(words, word))
  }
  mix(5)
  mashBack(state, words)
  mix(6)
  mashBack(state, words)
  mix(5)
  return Uint8Array.from([...state].flatMap((half) => [half & 0xff, half >> 8]))
}

const rotations = [1, 2, 3, 5] as const

function mixBack(state: Uint16Array, index: number, word: number): void {
  const turn = rotations[index as 0 | 1 | 2 | 3]
  const [own, one, two, three] = [0, 1, 2, 3].map((back) => wordAt(state, (index + 4 - back) % 4)) as [number, number, number, number]
  const turned = (own >> turn) | (own << (16 - turn))
  state[index] = turned - word - (one & two) - (~one & three)
}

function mashBack(state: Uint16Array, words: Uint16Array): void {
  for (let index = 3; index >= 0; index -= 1) state[index] = wordAt(state, index) - wordAt(words, wordAt(state, (index + 3) % 4) & 63)
}

const pi = (value: number): number => piTable[value & 0xff] ?? 0
const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0
const wordAt = (words: Uint16Array, at: number): number => words[at] ?? 0
