/** The kinds of field that replies are made of: a type and the title that a person sees. */
import * as z from 'zod'
import { field } from './fields.js'

/** Shown for a time that was taken while the clock was not set. */
export const CLOCK_NOT_SET = 'clock not set'

export function shown(title: string) {
  return field(z.string(), title, '')
}

export function count(title: string) {
  return field(z.number(), title, '')
}


/** ISO 8601 in UTC with whole seconds, or `clock not set`. */
export function date(title: string) {
  return field(z.string().regex(/^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\dZ|clock not set)$/), title, '')
}

export function shownNames<const Names extends readonly [string, ...string[]]>(title: string, names: Names) {
  return field(z.enum(names), title, '')
}

export function shownList(title: string) {
  return field(z.array(z.string()), title, '')
}

export function flag(title: string) {
  return field(z.boolean(), title, '')
}

/** Lines that a front prints as they are; the result line carries their number. */
export function lines() {
  return field(z.array(z.string()), 'lines', 'printed as they are')
}

/** Wall time as replies carry it. @param wall milliseconds since 1970; undefined when the clock was not set */
export function isoDate(wall: number | undefined): string {
  return wall === undefined || !Number.isFinite(wall) ? CLOCK_NOT_SET : new Date(wall).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
