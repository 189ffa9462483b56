/** What the parent knows about the run before, for the board that it starts next. */
export interface PreviousRun {
  /** `signal SIGKILL`, `exit code 70`, `watchdog`. */
  readonly how: string
  /** The last line on standard error. */
  readonly lastWords: string
}

/** The environment variable by which the parent tells it; empty after a clean start. */
export const previousRunVariable = 'PLATEN_PREVIOUS_RUN'

/** Reads the variable; what is not ours counts as nothing said. */
export function readPreviousRun(value: string | undefined): PreviousRun | undefined {
  if (value === undefined || value === '') return undefined
  try {
    const { how, lastWords } = JSON.parse(value) as Partial<Record<string, unknown>>
    return typeof how === 'string' && typeof lastWords === 'string' ? { how: how.slice(0, 100), lastWords: lastWords.slice(0, 300) } : undefined
  } catch {
    return undefined
  }
}
