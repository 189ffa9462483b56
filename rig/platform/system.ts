/** Resolves with the first SIGINT or SIGTERM; a second one ends the process at once, as by default. */
export function interrupted(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  })
}

/** One full turn of the event loop, without a timer: whatever was ready to run has run. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
