import { ownKey } from './kept-board.js'
import type { Station } from './station.js'

/** Settings for Certificate Issuance Auto Request (device.md section 4). What is not given is off. */
export interface TimerWish {
  /** Wall ms, a whole second. */
  readonly start: number
  readonly adjust?: boolean
  readonly polls?: number
  readonly pollMinutes?: number
  readonly everyDays?: number
  readonly restart?: boolean
  readonly deleteOld?: boolean
  readonly renew?: boolean
  readonly use?: 'tls'
}

const yesOrNo = (value: boolean | undefined): string => (value === true ? 'yes' : 'no')

/** A date and time as the console takes it. */
export function spellDate(wall: number): string {
  return new Date(wall).toISOString().replace(/\.\d+Z$/u, 'Z')
}

/** Sets the timer, all of it, and switches it on. */
export async function setTimer(station: Station, wish: TimerWish): Promise<void> {
  const { start, polls = 0, pollMinutes = 1, everyDays = 0, use } = wish
  await station.does([
    'timer set', `start=${spellDate(start)}`, `adjust=${yesOrNo(wish.adjust)}`, `polls=${polls}`, `poll-interval=${pollMinutes}`, `every=${everyDays}`,
    `restart=${yesOrNo(wish.restart)}`, `delete-old=${yesOrNo(wish.deleteOld)}`, `renew=${yesOrNo(wish.renew)}`,
    `key-name=${ownKey('auto')}`, 'cn=printer.example.com', ...(use === undefined ? [] : [`use=${use}`]),
  ].join(' '))
}

/** Moves the start of a timer that is set; the jitter is drawn anew with it. */
export async function moveStart(station: Station, start: number): Promise<void> {
  await station.does(`timer set start=${spellDate(start)}`)
}

/** When the board says that it will turn to the server next, wall ms; undefined when it says nothing. */
export async function nextShown(station: Station): Promise<number | undefined> {
  const date = Date.parse((await station.does('timer show'))['next'] ?? '')
  return Number.isNaN(date) ? undefined : date
}
