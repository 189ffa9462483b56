import { PlatenError } from '../../protocol/errors.js'
import { seconds } from '../../protocol/time.js'
import type { Processes } from '../platform/index.js'

/** What a daemon reads in clear is written to memory only. @throws use-cannot-serve when the folder lies on a disk */
export async function refuseLastingStorage(processes: Processes, directory: string): Promise<void> {
  const { lines } = await processes.run('stat', ['--file-system', '--format=%T', directory], seconds(3))
  const kind = lines.at(-1)?.trim() ?? ''
  if (kind === 'tmpfs' || kind === 'ramfs') return
  throw new PlatenError('use-cannot-serve', `keys in clear are written to memory only, and ${directory} is on ${kind === '' ? 'an unknown file system' : kind}`, {
    facts: { path: directory }, fix: 'Set runtime in the board\'s config to a folder on tmpfs, like /run/platen.',
  })
}
