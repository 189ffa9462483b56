/** An SMP message: a header of 8 bytes, then CBOR. */

/** What a message is; a reply is always the request's own kind plus one. */
export type Operation = 'read' | 'read-reply' | 'write' | 'write-reply'

const operations: readonly Operation[] = ['read', 'read-reply', 'write', 'write-reply']

export interface MessageHeader {
  readonly operation: Operation
  /** 0 is the first version of SMP, 1 the second. */
  readonly version: 0 | 1
  /** None are defined; they are carried as they are. */
  readonly flags: number
  readonly group: number
  /** 0–255; a reply carries its request's. */
  readonly sequence: number
  /** The command within its group. */
  readonly id: number
}

export interface Message extends MessageHeader {
  /** CBOR, not looked at yet. */
  readonly data: Uint8Array<ArrayBuffer>
}

export const headerLength = 8

export function writeMessage({ operation, version, flags, group, sequence, id, data }: Message): Uint8Array<ArrayBuffer> {
  const packet = Buffer.alloc(headerLength + data.length)
  packet.writeUInt8((version << 3) | operations.indexOf(operation), 0)
  packet.writeUInt8(flags, 1)
  packet.writeUInt16BE(data.length, 2)
  packet.writeUInt16BE(group, 4)
  packet.writeUInt8(sequence, 6)
  packet.writeUInt8(id, 7)
  packet.set(data, headerLength)
  return Uint8Array.from(packet)
}

/** @returns undefined for what is no SMP message: too short, another length than it says, reserved bits, unknown version */
export function readMessage(packet: Uint8Array): Message | undefined {
  if (packet.length < headerLength) return undefined
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength)
  const first = bytes.readUInt8(0)
  const operation = operations[first & 0b111]
  const version = (first >> 3) & 0b11
  if (operation === undefined || first >> 5 !== 0 || version > 1 || bytes.readUInt16BE(2) !== packet.length - headerLength) return undefined
  return {
    operation, version: version === 0 ? 0 : 1, flags: bytes.readUInt8(1), group: bytes.readUInt16BE(4), sequence: bytes.readUInt8(6), id: bytes.readUInt8(7),
    data: Uint8Array.from(bytes.subarray(headerLength)),
  }
}

/** The header that answers a request. */
export function replyHeader({ operation, ...header }: MessageHeader): MessageHeader {
  return { ...header, operation: operation === 'read' ? 'read-reply' : 'write-reply' }
}

export function isRequest({ operation }: MessageHeader): boolean {
  return operation === 'read' || operation === 'write'
}

/** Whether a message answers that request and no other. */
export function answers(reply: MessageHeader, request: MessageHeader): boolean {
  return reply.operation === replyHeader(request).operation && reply.group === request.group && reply.id === request.id && reply.sequence === request.sequence
}
