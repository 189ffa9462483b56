import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { certificateOfPem, certificatePem } from '../../protocol/pem.js'
import { issueCertificate, type KeyPurpose } from '../../protocol/scep/index.js'
import { days, minutes } from '../../protocol/time.js'
import type { TlsCredentials } from '../../firmware/platform/index.js'
import type { RigPlatform } from '../platform/index.js'

/** Who a broker is, kept in a folder: its authority's certificate, and what that has issued. */
export interface BrokerHome {
  /** What the broker's certificate leads to, and those of its controllers, DER. */
  readonly authority: Uint8Array
  readonly server: TlsCredentials
}

const lifetime = days(3650)

/** Written last: what is there without it was cut off, and is made anew. */
const complete = 'authority.pem'

/**
 * The certificates of a broker: the same as before when the folder has them, else new ones. Beside them lie `<name>.pem`
 * and `<name>.key` for each controller.
 * @param host name by which boards connect
 */
export async function openBrokerHome(platform: RigPlatform, { directory, host, controllers }: { readonly directory: string; readonly host: string; readonly controllers: readonly string[] }): Promise<BrokerHome> {
  const { files } = platform
  await files.makeDirectory(directory)
  if (await files.exists(`${directory}/${complete}`)) return await keptHome(files, directory)
  const authorityKey = await platform.keys.rsa(2048)
  const authority = issueCertificate({ ...validity(platform), subject: { commonName: 'Broker CA' }, serial: serial(platform), isCa: true, keyUsage: ['keyCertSign'], privateKey: authorityKey })
  const issue = async (commonName: string, purpose: KeyPurpose, names: { readonly dnsNames?: readonly string[]; readonly ipAddresses?: readonly string[] } = {}): Promise<TlsCredentials> => {
    const privateKey = await platform.keys.rsa(2048)
    const leaf = issueCertificate({
      ...validity(platform), ...names, subject: { commonName }, serial: serial(platform), keyUsage: ['digitalSignature'], extendedKeyUsage: [purpose],
      publicKey: createPublicKey(privateKey), issuer: { certificate: authority, privateKey: authorityKey },
    })
    await files.write(`${directory}/${commonName}.pem`, certificatePem(leaf))
    await files.write(`${directory}/${commonName}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    return { privateKey, chain: [leaf] }
  }
  const server = await issue('server', 'serverAuth', { dnsNames: [host, 'localhost'], ipAddresses: ['127.0.0.1'] })
  for (const name of controllers) await issue(name, 'clientAuth')
  await files.write(`${directory}/${complete}`, certificatePem(authority))
  return { authority, server }
}

async function keptHome(files: RigPlatform['files'], directory: string): Promise<BrokerHome> {
  const text = async (name: string): Promise<string> => Buffer.from(await files.read(`${directory}/${name}`) ?? []).toString('utf8')
  const der = async (name: string): Promise<Uint8Array> => certificateOfPem(await text(name)) ?? new Uint8Array()
  const privateKey: KeyObject = createPrivateKey(await text('server.key'))
  return { authority: await der(complete), server: { privateKey, chain: [await der('server.pem')] } }
}

function validity({ clock }: RigPlatform): { readonly notBefore: number; readonly notAfter: number; readonly digest: 'sha256' } {
  return { notBefore: clock.wall() - minutes(5), notAfter: clock.wall() + lifetime, digest: 'sha256' }
}

function serial({ random }: RigPlatform): string {
  return `01${Buffer.from(random(15)).toString('hex')}`
}
