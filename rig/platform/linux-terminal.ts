import type { Terminal } from './ports.js'

/** Undefined when standard input is a pipe or a file. */
export function linuxTerminal(): Terminal | undefined {
  const { stdin, stdout } = process
  if (!stdin.isTTY) return undefined
  return {
    takeOver(onKeys) {
      stdin.setRawMode(true)
      stdin.on('data', onKeys)
      stdin.resume()
      return {
        show: (bytes) => stdout.write(bytes),
        release: () => {
          stdin.setRawMode(false)
          stdin.off('data', onKeys)
          stdin.pause()
        },
      }
    },
  }
}
