import { spell, type ErrorBound } from '../../verdicts/index.js'
import type { RunClock } from '../run-record.js'

/** `2,000`, `0.0139`, `1.2e-7`. */
export function spellNumber(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1).replace('.0e', 'e')
  return value.toLocaleString('en-GB', Math.abs(value) >= 1000 ? { maximumFractionDigits: 1 } : { maximumSignificantDigits: 4 })
}

/** `21 Nov 2026, 03:00:12 UTC` */
export function spellDate(wall: number): string {
  return `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' }).format(wall)} UTC`
}

export function spellClock({ kind, scale }: RunClock): string {
  return kind === 'scaled' ? `scaled, ×${spellNumber(scale)}` : kind
}

/** `±29.5 ms (latency 28 ms + clock step 1 ms + drift 0.5 ms)`, or `exact`. */
export function spellBound({ total, latency, quantum, drift }: ErrorBound): string {
  return total === 0 ? 'exact' : `±${spell(total)} (latency ${spell(latency)} + clock step ${spell(quantum)} + drift ${spell(drift)})`
}

/** `1 board`, `1,000 boards`. */
export function countOf(count: number, noun: string): string {
  return `${spellNumber(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** The unit in which lengths up to `largest` ms read best on an axis, and its size in ms. */
export function axisUnit(largest: number): { readonly unit: string; readonly size: number } {
  const units = [[1000, 'ms', 1], [900_000, 's', 1000], [10_800_000, 'min', 60_000], [345_600_000, 'h', 3_600_000]] as const
  const [, unit, size] = units.find(([limit]) => largest < limit) ?? [0, 'days', 86_400_000]
  return { unit, size }
}

