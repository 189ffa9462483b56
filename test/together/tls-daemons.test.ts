/** External daemons that serve the key of TLS: real ones, with the firmware's driver for them; whole boards are in use-ipps.test.ts. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ava, { type ExecutionContext } from 'ava'
import type { KeyEntry, KeyId } from '../../firmware/key-store/index.js'
import { TlsDaemon, type TlsDaemonDeclaration } from '../../firmware/key-use/index.js'
import { LinuxDisk, linuxNetwork, linuxRuntimeFiles } from '../../firmware/platform/index.js'
import { fingerprint } from '../../protocol/scep/index.js'
import { seconds } from '../../protocol/time.js'
import { printerHost, startIppPrinter, startNginx } from '../../rig/peers/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'
import { fixtureKeys } from '../support/fixture-keys.js'
import { part } from '../support/parts.js'
import { issuedEntry } from '../support/tls-entries.js'

const platform = linuxPlatform()
const network = linuxNetwork(platform.clock)
const [nginx, ippeveprinter, openssl] = [part('nginx', 'nginx-light'), part('ippeveprinter', 'cups-ipp-utils'), part('openssl')]
const loopback = '127.0.0.1'

const first = issuedEntry('first', fixtureKeys.three)
const second = issuedEntry('second', fixtureKeys.four)
const keys = new Map<KeyId, typeof fixtureKeys.three>([[first.id, fixtureKeys.three], [second.id, fixtureKeys.four]])

async function declared(t: ExecutionContext, changes: Partial<TlsDaemonDeclaration> = {}) {
  const [runtime, folder] = [mkdtempSync('/dev/shm/platen-tls-'), mkdtempSync(join(tmpdir(), 'platen-tls-'))]
  t.teardown(() => [runtime, folder].forEach((path) => rmSync(path, { recursive: true })))
  const port = await platform.network.freeTcpPort()
  const declaration: TlsDaemonDeclaration = {
    name: 'daemon', keyFile: join(runtime, `at/${printerHost}.key`), certificateFile: join(runtime, `at/${printerHost}.crt`), mode: 0o600,
    reloadTimeout: seconds(8), probe: { host: loopback, port }, probeTimeout: seconds(15), ...changes,
  }
  const daemon = new TlsDaemon({
    declaration, store: { privateKey: (id) => keys.get(id)! }, network, disk: new LinuxDisk(), files: linuxRuntimeFiles,
    processes: platform.processes, clock: platform.clock, directory: join(runtime, 'tls'),
  })
  return { daemon, declaration, folder, port }
}

/** What a client is sent. */
const shown = async (port: number): Promise<readonly string[]> => (await network.handshake({ host: loopback, port, timeout: seconds(10) })).map(fingerprint)
/** Leaf and intermediate, without the root. */
const sent = ({ chain }: KeyEntry): readonly string[] => chain.slice(0, -1).map(fingerprint)

async function exchanges(t: ExecutionContext, daemon: TlsDaemon, port: number): Promise<void> {
  t.deepEqual(await shown(port), sent(first))
  await daemon.give(second)
  await daemon.reload()
  await daemon.comesToServe()
  t.deepEqual(await shown(port), sent(second))
}

nginx.test('device.md 7: nginx sends leaf and intermediate of the key it is given, and of the next one after a reload', async (t) => {
  const { daemon, declaration, folder, port } = await declared(t)
  await daemon.give(first)
  const running = await startNginx(platform, { directory: folder, port, keyFile: declaration.keyFile, certificateFile: declaration.certificateFile })
  t.teardown(() => running.close())
  Object.assign(declaration, { reload: running.reload })
  await exchanges(t, daemon, port)
})

ippeveprinter.test('device.md 7: ippeveprinter sends leaf and intermediate of the key it is given, and of the next one without being told', async (t) => {
  const { daemon, declaration, folder, port } = await declared(t)
  await daemon.give(first)
  const printer = await startIppPrinter(platform, { directory: folder, port, keyFolder: join(declaration.keyFile, '..') })
  t.teardown(() => printer.close())
  await exchanges(t, daemon, port)
})

openssl.test('a daemon that reads its files at its start alone is restarted by its command, and leaves the command to end', async (t) => {
  const { daemon, declaration, folder, port } = await declared(t)
  const script = join(folder, 'restart')
  // As scripts do: the new daemon keeps the output of the script open.
  writeFileSync(script, `test -e ${folder}/pid && kill $(cat ${folder}/pid)\nsetsid openssl s_server -quiet -accept ${loopback}:${port} -cert ${declaration.certificateFile} -cert_chain ${declaration.certificateFile} -key ${declaration.keyFile} &\necho $! > ${folder}/pid\n`)
  t.teardown(() => process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGKILL'))
  Object.assign(declaration, { reload: ['sh', script] })
  await daemon.give(first)
  await daemon.reload()
  await daemon.comesToServe()
  await exchanges(t, daemon, port)
})

const asRoot = (process.getuid?.() === 0 && existsSync('/usr/bin/setpriv')) || process.env['CI'] === 'true' ? ava : ava.skip
asRoot('the key file is for the owner of the config alone, and the way to it is open to him (needs root)', async (t) => {
  const { daemon, declaration } = await declared(t, { owner: 'nobody:nogroup', mode: 0o400 })
  await daemon.give(first)
  const read = (user: string): boolean => {
    try {
      execFileSync('setpriv', [`--reuid=${user}`, '--clear-groups', 'cat', declaration.keyFile], { stdio: 'pipe' })
      return true
    } catch {
      return false
    }
  }
  t.true(read('nobody'))
  t.false(read('daemon'))
  await t.throwsAsync((await declared(t, { owner: 'no-such-user' })).daemon.give(first), { code: 'use-cannot-serve', message: 'daemon: this machine has no user "no-such-user"' })
})
