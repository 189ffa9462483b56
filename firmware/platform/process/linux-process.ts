import { spawn } from 'node:child_process'

/** How a child ended: with an exit code or by a signal. */
export interface ChildEnd {
  readonly code: number | undefined
  readonly signal: string | undefined
  /** The last line it wrote to standard error, at most 300 characters. */
  readonly lastWords: string
}

export interface Child {
  readonly pid: number | undefined
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
  /** Never rejects. */
  readonly ended: Promise<ChildEnd>
}

/**
 * Starts this same Node with the given arguments; standard error is passed on and its last line kept.
 * @param options.environment added to this process's own
 * @param options.onMessage what the child tells its parent
 */
export type StartChild = (options: {
  readonly arguments: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly onMessage: (message: unknown) => void
}) => Child

/** The process we are: signals in, a word to the parent, the end of the parent. */
export interface OwnProcess {
  /** The operator or systemd asks for the end. Called each time. */
  onTerminate(run: () => void): void
  /** Nothing happens when there is no parent to tell. */
  tellParent(message: string): void
  /** The parent is gone; nobody would restart or stop this process any more. */
  onParentGone(run: () => void): void
  /** Lets go of the parent, so that this process can come to its end. */
  leaveParent(): void
}

const longestWords = 300

export const startChild: StartChild = ({ arguments: given, environment, onMessage }) => {
  const child = spawn(process.execPath, [...process.execArgv, ...given], {
    env: { ...process.env, ...environment },
    stdio: ['inherit', 'inherit', 'pipe', 'ipc'],
  })
  let tail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text)
    tail = (tail + text).slice(-4 * longestWords)
  })
  child.on('message', onMessage)
  const ended = new Promise<ChildEnd>((resolve) => {
    child.once('error', ({ message }) => resolve({ code: undefined, signal: undefined, lastWords: message.slice(0, longestWords) }))
    // `close` comes after `exit`, when standard error has been read to its end.
    child.once('close', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined, lastWords: lastLine(tail) }))
  })
  return { pid: child.pid, kill: (signal) => void child.kill(signal), ended }
}

function lastLine(text: string): string {
  return (text.trimEnd().split('\n').at(-1) ?? '').replace(/\p{Cc}/gu, ' ').trim().slice(0, longestWords)
}

export const ownProcess: OwnProcess = {
  onTerminate: (run) => {
    process.on('SIGTERM', run)
    process.on('SIGINT', run)
  },
  tellParent: (message) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
  },
  onParentGone: (run) => {
    process.once('disconnect', run)
  },
  leaveParent: () => {
    if (process.connected) process.disconnect()
  },
}
