import * as z from 'zod'
import { wholeNumber, type Draw } from '../verdicts/index.js'

/** A trial has so many rounds; each fault of the board acts in one of them, and is over at its end. */
export const rounds = 3

const round = z.int().min(1).max(rounds)
const count = z.int().min(0).max(1000)

/** What goes wrong at the board itself: its power, disk, serial line, broker and clock. */
export const boardFault = z.discriminatedUnion('fault', [
  /** After so many changes of the disk, in the midst of whatever is being done. */
  z.strictObject({ fault: z.literal('power-cut'), round, after: count }),
  /** After so many changes of the disk the next ones find no space. */
  z.strictObject({ fault: z.literal('disk-full'), round, after: count, changes: count }),
  /** Bytes dropped, doubled and flipped in both directions while somebody types; rate per byte. */
  z.strictObject({ fault: z.literal('serial-noise'), round, rate: z.number().min(0).max(0.5) }),
  z.strictObject({ fault: z.literal('broker-kick'), round }),
  z.strictObject({ fault: z.literal('broker-away'), round }),
  /** What is sent to the broker gets lost, and nobody says so. */
  z.strictObject({ fault: z.literal('broker-half-open'), round }),
  z.strictObject({ fault: z.literal('clock-step'), round, hours: z.number().min(-1e6).max(1e6) }),
  z.strictObject({ fault: z.literal('clock-unset'), round }),
])
export type BoardFault = z.output<typeof boardFault>
export type BoardFaultName = BoardFault['fault']

const shapes: { readonly [Name in BoardFaultName]: (draw: Draw) => Omit<Extract<BoardFault, { fault: Name }>, 'fault' | 'round'> } = {
  'power-cut': (draw) => ({ after: wholeNumber(draw, 0, 60) }),
  'disk-full': (draw) => ({ after: wholeNumber(draw, 0, 40), changes: wholeNumber(draw, 1, 40) }),
  'serial-noise': (draw) => ({ rate: wholeNumber(draw, 1, 30) / 1000 }),
  'broker-kick': () => ({}),
  'broker-away': () => ({}),
  'broker-half-open': () => ({}),
  'clock-step': (draw) => ({ hours: [-87_600, -26, -1, 1, 26, 87_600][wholeNumber(draw, 0, 5)] ?? 0 }),
  'clock-unset': () => ({}),
}

export const boardFaultNames = Object.keys(shapes) as readonly BoardFaultName[]

export function drawBoardFault(fault: BoardFaultName, draw: Draw): BoardFault {
  return boardFault.parse({ fault, round: wholeNumber(draw, 1, rounds), ...shapes[fault](draw) })
}
