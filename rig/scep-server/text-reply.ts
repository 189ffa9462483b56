import type { HttpReply } from '../platform/index.js'

export function textReply(status: number, text: string, headers: Readonly<Record<string, string>> = {}): HttpReply {
  return { kind: 'reply', status, headers: { 'content-type': 'text/plain', ...headers }, body: Buffer.from(text, 'utf8') }
}
