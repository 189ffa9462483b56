/** CRC-16/XMODEM: polynomial 0x1021, initial value 0, nothing reflected; the check value of "123456789" is 0x31c3. */
const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 8
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x8000 ? (value << 1) ^ 0x1021 : value << 1
  return value & 0xffff
})

export function crc16(bytes: Uint8Array): number {
  let value = 0
  for (const byte of bytes) value = ((value << 8) & 0xffff) ^ (table[(value >> 8) ^ byte] ?? 0)
  return value
}
