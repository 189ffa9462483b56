/** What this firmware is. */
export const product = 'Platen'
export const version = '0.1.0'

/** When this version was made, milliseconds since 1970: no clock before it can be right. */
export const buildDate = Date.UTC(2026, 10, 20)
