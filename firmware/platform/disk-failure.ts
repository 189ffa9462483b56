/** What the file system says, in our words: every failure is `disk-failed` with the path and the errno. */
import { PlatenError } from '../../protocol/errors.js'

/** What to do about the errors that a person meets. */
const fixes: Readonly<Record<string, string>> = {
  EACCES: 'Give the user that the board runs as the right to write there.',
  EPERM: 'Give the user that the board runs as the right to write there.',
  EROFS: 'Mount the file system for writing, or choose a data directory elsewhere.',
  ENOSPC: 'Free space on the file system; what was stored before is unharmed.',
  EDQUOT: 'Free space within the quota; what was stored before is unharmed.',
  ENOENT: 'Make the directory, or correct the path.',
  ENOTDIR: 'Correct the path: a part of it is a file and not a directory.',
  EIO: 'The medium fails: replace it and restore from a backup.',
}

/** Runs one call to the file system; whatever it throws becomes `disk-failed`. */
export async function attempt<Result>(doing: string, path: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    throw diskFailed(doing, path, error)
  }
}

export function diskFailed(doing: string, path: string, cause: unknown): PlatenError {
  const errno = errnoOf(cause)
  const fix = fixes[errno]
  return new PlatenError('disk-failed', `cannot ${doing} ${path}: ${errno}`, { facts: { path, errno }, cause, ...(fix === undefined ? {} : { fix }) })
}

/** Whether a disk can be read and takes nothing new: a board can serve from it, and keep nothing. */
export function takesNothingNew(error: unknown): boolean {
  return error instanceof PlatenError && error.code === 'disk-failed' && ['ENOSPC', 'EDQUOT', 'EROFS'].includes(String(error.facts['errno']))
}

/** The name of the system's error: ENOENT and the like. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}
