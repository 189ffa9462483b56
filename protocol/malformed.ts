import { PlatenError, type ErrorFacts } from './errors.js'

/** What came from outside is not what the standard says: code `bad-response`. */
export function malformed(message: string, options: { facts?: ErrorFacts; cause?: unknown } = {}): PlatenError {
  return new PlatenError('bad-response', message, {
    ...options,
    fix: 'Check that the URL leads to a SCEP server and that nothing on the way changes its answers.',
  })
}

/**
 * Runs a decoder; what the libraries under it throw on odd bytes becomes `bad-response`.
 * @param what the thing being read, for the message
 */
export function reading<Result>(what: string, decode: () => Result): Result {
  try {
    return decode()
  } catch (error) {
    if (error instanceof PlatenError) throw error
    throw malformed(`${what} is malformed.`, { cause: error })
  }
}
