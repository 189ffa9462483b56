/** When this firmware was made, wall ms: a clock that shows an earlier time cannot be set (device.md section 4). */
export const buildDate = Date.UTC(2026, 10, 1)
