import { BoardClient, LineJoiner, LineSplitter, type BoardEvent } from '../../protocol/smp/index.js'
import type { Clock } from '../../protocol/time.js'
import { linePair, type ConsoleBoard } from './console-board.js'

/** A person and a machine at the same end of a board's line, in memory. */
export function shareLine(board: Pick<ConsoleBoard, 'console'>, clock: Clock) {
  const [line, far] = linePair()
  const events: BoardEvent[] = []
  const seen: string[] = []
  const packets: Uint8Array[] = []
  const joiner = new LineJoiner((bytes) => void far.write(bytes))
  const client = new BoardClient({ clock, send: (packet) => joiner.packet(packet), onEvent: (event) => events.push(event) })
  const splitter = new LineSplitter({
    clock,
    onText: (bytes) => seen.push(Buffer.from(bytes).toString('utf8')),
    onPacket: (packet) => {
      packets.push(packet)
      client.take(packet)
    },
  })
  const raw: Buffer[] = []
  far.on('data', (bytes: Buffer) => {
    raw.push(bytes)
    splitter.take(bytes)
  })
  const served = board.console.serve(line)
  const hangUp = async (): Promise<void> => {
    far.destroy()
    splitter.close()
    client.close()
    await served
  }
  return {
    client, events, packets, served, hangUp, far, line,
    send: (packet: Uint8Array) => joiner.packet(packet),
    type: (text: string) => joiner.text(Buffer.from(text)),
    seen: () => seen.join(''),
    raw: () => Buffer.concat(raw).toString('latin1'),
  }
}
