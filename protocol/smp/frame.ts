/**
 * SMP packets as lines of text on a console ("SMP over console" of mcumgr): each frame is two bytes that no text
 * starts with, base64, and a line feed. Decoded and joined, the frames of a packet are its length, itself, its CRC.
 */
import { crc16 } from './crc16.js'

/** Starts the first frame of a packet. */
export const firstMarker = [0x06, 0x09] as const
/** Starts each further frame. */
export const nextMarker = [0x04, 0x14] as const

/** Bytes of a whole frame, its marker and line feed among them. */
export const frameLimit = 127
/** Base64 characters of a frame: whole groups of four between the marker and the line feed. */
export const textLimit = Math.floor((frameLimit - 3) / 4) * 4
const dataLimit = (textLimit / 4) * 3

/** Longest packet: its 16-bit length counts the CRC as well. */
export const packetLimit = 0xffff - 2

const lineFeed = 0x0a

/**
 * All frames of a packet, one after the other, each with its line feed; to be written in one go.
 * @throws TypeError for a packet longer than `packetLimit`
 */
export function writeFrames(packet: Uint8Array): Uint8Array<ArrayBuffer> {
  if (packet.length > packetLimit) throw new TypeError(`a packet of ${packet.length} bytes is too long for its length field`)
  const data = Buffer.alloc(packet.length + 4)
  data.writeUInt16BE(packet.length + 2, 0)
  data.set(packet, 2)
  data.writeUInt16BE(crc16(packet), packet.length + 2)
  const frames: Buffer[] = []
  for (let at = 0; at < data.length; at += dataLimit) {
    frames.push(Buffer.from(at === 0 ? firstMarker : nextMarker), Buffer.from(data.toString('base64', at, Math.min(at + dataLimit, data.length)), 'latin1'), Buffer.of(lineFeed))
  }
  return Uint8Array.from(Buffer.concat(frames))
}

/** What a frame carries. @returns undefined when its text is no base64 in its one canonical form */
export function readFrameText(text: Uint8Array): Buffer | undefined {
  if (text.length === 0 || text.length % 4 !== 0) return undefined
  const written = Buffer.from(text).toString('latin1')
  const data = Buffer.from(written, 'base64')
  return data.toString('base64') === written ? data : undefined
}
