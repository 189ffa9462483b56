import { PlatenError } from '../../protocol/errors.js'
import type { Files } from '../platform/index.js'

export interface JsonLinesFile {
  add(record: object): void
  /** Rejects when a line could not be written. */
  readonly failed: Promise<never>
  settled(): Promise<void>
}

/**
 * Records, one a line, written one after the other in order. The file is tried at once.
 * @param path undefined keeps nothing
 * @param what the file is called in errors
 * @throws invalid-value
 */
export async function openJsonLines(files: Files, path: string | undefined, what: string): Promise<JsonLinesFile> {
  const append = async (text: string, code: 'invalid-value' | 'disk-failed' = 'disk-failed'): Promise<void> => {
    if (path === undefined) return
    await files.append(path, text).catch((cause: unknown) => {
      throw new PlatenError(code, `${what}: ${path} cannot be written`, { facts: { path }, fix: 'Check that the directory exists and that there is room.', cause })
    })
  }
  await append('', 'invalid-value')
  let tail = Promise.resolve()
  let fail: (error: unknown) => void = () => undefined
  const failure = new Promise<never>((_resolve, reject) => (fail = reject))
  failure.catch(() => undefined)
  return {
    add: (record) => {
      tail = tail.then(() => append(`${JSON.stringify(record)}\n`))
      tail.catch(fail)
    },
    failed: failure,
    settled: () => tail,
  }
}
