import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ava, { type ExecutionContext, type Implementation } from 'ava'
import { KeyStore, type KeyEntry } from '../../firmware/key-store/index.js'
import { Ieee8021xUse, KeyUses } from '../../firmware/key-use/index.js'
import { LinuxDisk, type Processes } from '../../firmware/platform/index.js'
import { Ieee8021xSettingsFile } from '../../firmware/settings/index.js'
import { issueCertificate } from '../../protocol/scep/index.js'
import { seconds, type Clock } from '../../protocol/time.js'
import { canMakeNamespaces, layCable, NetworkNamespace, startHostapd, type Authenticator, type AuthenticatorOptions } from '../../rig/peers/index.js'
import { linuxPlatform } from '../../rig/platform/index.js'
import { fixtureKeys } from './fixture-keys.js'
import { silentLog } from './silent-log.js'

export const platform = linuxPlatform()
const { processes } = platform
const present = await canMakeNamespaces(processes) && await processes.has('hostapd') && await processes.has('wpa_supplicant') && await processes.has('openssl')

/** Runs with root and both daemons, beside the others: what takes long is waiting. Else it is skipped by name, or fails with CI=true. */
export function wired(title: string, run: Implementation<[]>): void {
  if (present || process.env['CI'] === 'true') ava(title, run)
  else ava.skip(`${title} (needs root, iproute2, hostapd, wpasupplicant, openssl)`, run)
}

export const pem = (der: Uint8Array): string => new X509Certificate(der).toString()
const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string

const now = Date.now()
const day = 86_400_000
const validity = { notBefore: now - 10 * day, notAfter: now + 30 * day, digest: 'sha256' } as const

function authority(commonName: string, privateKey: KeyObject): Uint8Array {
  return issueCertificate({ ...validity, subject: { commonName }, serial: '01', isCa: true, keyUsage: ['keyCertSign'], privateKey })
}

export const ca = authority('Test CA', fixtureKeys.one)
export const foreignCa = authority('Foreign CA', fixtureKeys.two)

/** The authentication server's name. */
export const serverName = 'radius.example.com'
const server = issueCertificate({
  ...validity, subject: { commonName: serverName }, serial: '02', dnsNames: [serverName], extendedKeyUsage: ['serverAuth'],
  publicKey: createPublicKey(fixtureKeys.three), issuer: { certificate: ca, privateKey: fixtureKeys.one },
})

/** Writes what an OCSP responder of the CA says of the server's certificate, to be stapled. Needs openssl. */
export async function answerOcsp(folder: string, path: string, status: 'good' | 'revoked'): Promise<void> {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const at = (wall: number): string => `${new Date(wall).toISOString().slice(2, 19).replaceAll(/[-T:]/g, '')}Z`
  const index = file('index', `${status === 'good' ? 'V' : 'R'}\t${at(now + 30 * day)}\t${status === 'good' ? '' : at(now - day)}\t02\tunknown\t/CN=${serverName}\n`)
  const [authority, key, subject] = [file('ocsp-ca.pem', pem(ca)), file('ocsp-ca.key', keyPem(fixtureKeys.one)), file('ocsp-server.pem', pem(server))]
  const { code, lines } = await processes.run('openssl', ['ocsp', '-index', index, '-CA', authority, '-rsigner', authority, '-rkey', key, '-issuer', authority, '-cert', subject, '-respout', path, '-ndays', '1', '-no_nonce'], seconds(20))
  if (code !== 0) throw new Error(lines.join('\n'))
}

export interface Station {
  /** Of its certificate, hex. */
  readonly serial: string
  /** By a CA that the authenticator does not know. */
  readonly foreign?: boolean
  readonly expired?: boolean
}

function stationCertificate(key: KeyObject, { serial, foreign = false, expired = false }: Station): Uint8Array {
  return issueCertificate({
    ...validity, subject: { commonName: 'printer.example.com' }, serial, dnsNames: ['printer.example.com'], extendedKeyUsage: ['clientAuth'],
    ...(expired ? { notAfter: now - day } : {}),
    publicKey: createPublicKey(key), issuer: foreign ? { certificate: foreignCa, privateKey: fixtureKeys.two } : { certificate: ca, privateKey: fixtureKeys.one },
  })
}

/** A folder on tmpfs, which ends with the test. */
export function memoryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync('/dev/shm/platen-wired-')
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

let cables = 0

/** A device and a switch port in namespaces of their own, with a cable between `eth0` and `port1`. */
export async function cabled(t: ExecutionContext) {
  cables += 1
  const label = cables
  const device = await NetworkNamespace.make(processes, `device${label}`)
  t.teardown(() => device.remove())
  const port = await NetworkNamespace.make(processes, `switch${label}`)
  t.teardown(() => port.remove())
  await layCable({ namespace: device, interface: 'eth0' }, { namespace: port, interface: 'port1' })
  const folder = mkdtempSync(join(tmpdir(), 'platen-hostapd-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const authenticator = (stationCa: Uint8Array, more: Pick<AuthenticatorOptions, 'stapled'> = {}): Promise<Authenticator> => startHostapd(platform, {
    ...more,
    namespace: port, interface: 'port1', directory: folder, chain: pem(server), privateKey: keyPem(fixtureKeys.three), stationCa: pem(stationCa),
  })
  return { device, port, folder, authenticator }
}

/** The modules of a board that IEEE 802.1X needs, over real daemons: `put` does what an issuance does with a new key. */
export async function wiredDevice(t: ExecutionContext, through: Processes, { clock = platform.clock }: { readonly clock?: Clock } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'platen-wired-'))
  t.teardown(() => rmSync(data, { recursive: true }))
  const disk = new LinuxDisk()
  const store = await KeyStore.open({
    disk, directory: join(data, 'keys'), random: platform.random, limits: { maxKeys: 8, maxCaCertificates: 4 }, log: silentLog,
    makeDefaultKey: () => Promise.resolve({ privateKey: fixtureKeys.one, chain: [ca] }),
  })
  t.teardown(() => store.close())
  await store.addCaCertificate('network', ca)
  await store.addCaCertificate('foreign', foreignCa)
  const settings = await Ieee8021xSettingsFile.open({ disk, directory: data, log: silentLog })
  await settings.update({ enabled: true, caNames: ['network'], serverName })
  const runtime = join(memoryFolder(t), 'ieee-802-1x')
  const driver = new Ieee8021xUse({ store, settings, processes: through, disk, clock, log: silentLog, directory: runtime })
  t.teardown(() => driver.close())
  const uses = new KeyUses({ store, drivers: [driver], log: silentLog, clock })
  const register = async (name: string, station: Station): Promise<KeyEntry> => {
    const key = await platform.keys.rsa(2048)
    const { id } = await store.put(await store.reserve(name), key)
    return store.complete(id, { chain: [stationCertificate(key, station)], assign: 'ieee-802-1x' })
  }
  return {
    store, settings, driver, uses, runtime, register,
    put: async (name: string, station: Station) => uses.put('ieee-802-1x', (await register(name, station)).id),
  }
}
