/** IP addresses as text and as the bytes of an iPAddress name (RFC 5280 section 4.2.1.6). No DNS, no zones, no masks. */

/** 4 or 16 bytes, or undefined when the text is not an IP address. */
export function ipAddressBytes(text: string): Uint8Array | undefined {
  return text.includes(':') ? sixteen(text) : four(text)
}

/** Dotted IPv4, or IPv6 in the form of RFC 5952; undefined for another count of bytes. */
export function ipAddressText(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return undefined
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0))
  const text = groups.map((group) => group.toString(16))
  const gap = longestZeros(groups)
  if (gap.length < 2) return text.join(':')
  return `${text.slice(0, gap.start).join(':')}::${text.slice(gap.start + gap.length).join(':')}`
}

function four(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined
  return Uint8Array.from(parts, Number)
}

function sixteen(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, index) => groupBytes(half, index === halves.length - 1))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (halves.length === 1) return head.length === 16 ? Uint8Array.from(head) : undefined
  const zeros = 16 - head.length - (tail?.length ?? 0)
  // RFC 4291 section 2.2: "::" stands for at least one group.
  return zeros < 2 ? undefined : Uint8Array.from([...head, ...new Array<number>(zeros).fill(0), ...(tail ?? [])])
}

/** The bytes of groups joined by ":". @param atEnd whether the last may be dotted IPv4 (RFC 4291 section 2.2) */
function groupBytes(text: string, atEnd: boolean): readonly number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    const dotted = atEnd && index === groups.length - 1 && group.includes('.') ? four(group) : undefined
    if (dotted !== undefined) bytes.push(...dotted)
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff)
    else return undefined
  }
  return bytes.length <= 16 ? bytes : undefined
}

function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start += 1) {
    const end = groups.findIndex((group, index) => index >= start && group !== 0)
    const length = (end < 0 ? groups.length : end) - start
    if (length > best.length) best = { start, length }
  }
  return best
}
