import type { RandomBytes } from '../../protocol/random.js'

/** 127 random bits, positive, always 16 bytes long (RFC 5280 section 4.1.2.2 allows 20). */
export function newSerial(random: RandomBytes): string {
  const [first = 0, ...rest] = random(16)
  return Buffer.from([(first & 0x3f) | 0x40, ...rest]).toString('hex')
}
