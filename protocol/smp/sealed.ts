/**
 * The inside of the payloads of our group. CRC-16 lets one of 65,536 damaged packets pass; over a noisy line and years
 * that is a wrong answer some day. So the content travels with a digest over itself and what the header says of it.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { MessageHeader } from './message.js'
import { readPayload, writePayload, type Fields, type Payload } from './payload.js'

/** Bytes of the digest that travel. */
const digestLength = 8

/** `m` is the content as CBOR, `d` the digest. */
export function seal(header: MessageHeader, content: Fields): { readonly m: Uint8Array; readonly d: Uint8Array } {
  const m = writePayload(content)
  return { m, d: digestOf(header, m) }
}

/** @returns undefined when it is damaged, or was sealed for another message */
export function unseal(header: MessageHeader, payload: Payload): Payload | undefined {
  const { m, d } = payload as { readonly [Name in 'm' | 'd']?: Payload[string] }
  if (!(m instanceof Uint8Array) || !(d instanceof Uint8Array) || d.length !== digestLength) return undefined
  return timingSafeEqual(digestOf(header, m), d) ? readPayload(m) : undefined
}

function digestOf({ operation, version, group, sequence, id }: MessageHeader, content: Uint8Array): Uint8Array {
  return createHash('sha256').update(`${operation} ${version} ${group} ${sequence} ${id} `).update(content).digest().subarray(0, digestLength)
}
