import { PlatenError } from '../../protocol/errors.js'
import { certificateOfPem } from '../../protocol/pem.js'
import { readCertificate } from '../../protocol/scep/index.js'
import { startScepContainer, type ScepContainerOptions } from '../peers/index.js'
import type { RigPlatform } from '../platform/index.js'

export const defaultVolume = 'platen-scep'

/** Debian's scepserver in a container, until it is interrupted. @throws connect-failed when it ends before */
export async function serveContainer(platform: RigPlatform, options: Omit<ScepContainerOptions, 'directory' | 'onLine'>, write: (line: string) => void): Promise<void> {
  const directory = await platform.files.temporaryDirectory('platen-scep')
  const ended = platform.interrupted()
  try {
    const server = await startScepContainer(platform, { ...options, directory: directory.path, onLine: write })
    const { fingerprint } = readCertificate(certificateOfPem(server.caPem) ?? new Uint8Array())
    write(`SCEP server:    ${server.url}`)
    write(`CA fingerprint: ${fingerprint} (SHA-256)`)
    write('A board needs policy=legacy for it. Ctrl-C stops.')
    const byItself = await Promise.race([ended.then(() => false), server.exited.then(() => true)])
    await server.close()
    if (byItself) throw new PlatenError('connect-failed', 'the container ended by itself')
  } finally {
    await directory.remove()
  }
}
