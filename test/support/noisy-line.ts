import { createHash } from 'node:crypto'
import { boardGroup, LineJoiner, LineSplitter, seal, SmpClient, SmpServer, unseal, type Value } from '../../protocol/smp/index.js'
import { hasCode } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import { NoisyWire, VirtualClock } from '../../rig/boards/index.js'
import { SeededRandom } from './seeded-random.js'

/** What the server makes of a request; nobody gets it right by chance. */
function rightAnswer(text: string): string {
  return createHash('sha256').update(text).digest('hex').repeat(1 + (text.length % 4))
}

function asText(value: Value | undefined): string {
  return typeof value === 'string' ? value : ''
}

/**
 * Exchanges over a line that drops, doubles, flips, splits and delays bytes, while a person types on it.
 * @param options.frames goes on until so many were sent from both ends
 */
export async function talkOverNoise({ seed, rate, frames }: { readonly seed: number; readonly rate: number; readonly frames: number }) {
  const clock = new VirtualClock(0)
  const draw = new SeededRandom(seed)
  const random = (): number => draw.next()
  const tally = { sent: 0, exchanges: 0, wrong: 0, timedOut: 0, ranTwice: 0, strayText: '', typed: '' }
  const ran = new Set<number>()
  let fromPerson = ''

  const server = new SmpServer({
    send: (packet) => toClient.packet(packet),
    handle: (header, payload) => {
      const content = unseal(header, payload)
      if (content === undefined) throw new Error('damaged inside')
      const n = Number(content['n'])
      if (ran.has(n)) tally.ranTwice += 1
      ran.add(n)
      return seal({ ...header, operation: 'write-reply' }, { n, answer: rightAnswer(asText(content['text'])) })
    },
  })
  const client = new SmpClient({ clock, send: (packet) => toServer.packet(packet) })
  const atServer = new LineSplitter({ clock, onText: (bytes) => (fromPerson += Buffer.from(bytes).toString('latin1')), onPacket: (packet) => void server.take(packet) })
  const atClient = new LineSplitter({ clock, onText: (bytes) => (tally.strayText += Buffer.from(bytes).toString('latin1')), onPacket: (packet) => client.take(packet) })
  const up = new NoisyWire({ clock, random, rate, deliver: (bytes) => atServer.take(bytes) })
  const down = new NoisyWire({ clock, random, rate, deliver: (bytes) => atClient.take(bytes) })
  const counted = (wire: NoisyWire) => (bytes: Uint8Array): void => {
    tally.sent += bytes.filter((byte) => byte === 10).length
    wire.send(bytes)
  }
  const toServer = new LineJoiner(counted(up))
  const toClient = new LineJoiner(counted(down))

  for (let n = 0; tally.sent < frames; n += 1) {
    const text = `${n} ${'x'.repeat(draw.integer(0, 120))}`
    if (draw.chance(0.05)) {
      tally.typed += 'who '
      toServer.text(Buffer.from('who '))
    }
    const exchange = client.request({
      operation: 'write', group: boardGroup, id: 1, deadline: seconds(60), payload: (header) => seal(header, { n, text }),
      read: (payload, header) => {
        const content = unseal(header, payload)
        return content?.['n'] === n ? asText(content['answer']) : undefined
      },
    })
    try {
      if (await clock.until(exchange) !== rightAnswer(text)) tally.wrong += 1
    } catch (error) {
      if (!hasCode(error, 'timed-out')) throw error
      tally.timedOut += 1
    }
    tally.exchanges += 1
  }
  const faults = [up, down].map(({ noise }) => noise.count.dropped + noise.count.doubled + noise.count.flipped).reduce((sum, count) => sum + count)
  return { ...tally, fromPerson: fromPerson.replaceAll('\0', ''), faults, damaged: atServer.damaged + atClient.damaged }
}
