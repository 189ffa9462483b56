import test, { type ExecutionContext } from 'ava'
import { fingerprint, readCertificate, verifyChain } from '../../../protocol/scep/index.js'
import { mosquittoFiles, openBrokerHome } from '../../../rig/broker/index.js'
import { linuxPlatform, type RigPlatform } from '../../../rig/platform/index.js'
import { fixturePlatform } from '../../support/rig-server.js'

const platform: RigPlatform = { ...linuxPlatform(), keys: fixturePlatform().keys }
const asked = { host: 'broker.example', controllers: ['rig', 'other'] }

async function folder(t: ExecutionContext): Promise<string> {
  const made = await platform.files.temporaryDirectory('broker-home')
  t.teardown(() => made.remove())
  return `${made.path}/home`
}

test('a broker has a certificate for its name, a controller one for itself, all under one CA', async (t) => {
  const directory = await folder(t)
  const { authority, server } = await openBrokerHome(platform, { directory, ...asked })
  const leaf = readCertificate(server.chain[0]!)
  t.deepEqual([leaf.dnsNames, leaf.ipAddresses, leaf.subject], [['broker.example', 'localhost'], ['127.0.0.1'], 'CN=server'])
  const top = readCertificate(authority)
  t.is(verifyChain(leaf, [], top, { at: platform.clock.wall() }).length, 2)
  for (const name of asked.controllers) {
    t.true(await platform.files.exists(`${directory}/${name}.key`))
    t.true(await platform.files.exists(`${directory}/${name}.pem`))
  }
})

test('the certificates are the same at the next start; what a start left half made is made anew', async (t) => {
  const directory = await folder(t)
  const first = await openBrokerHome(platform, { directory, ...asked })
  const second = await openBrokerHome(platform, { directory, ...asked })
  t.is(fingerprint(second.authority), fingerprint(first.authority))
  t.is(fingerprint(second.server.chain[0]!), fingerprint(first.server.chain[0]!))
  t.true(second.server.privateKey.equals(first.server.privateKey))
  await platform.sharedFiles.remove(`${directory}/authority.pem`)
  const third = await openBrokerHome(platform, { directory, ...asked })
  t.not(fingerprint(third.authority), fingerprint(first.authority))
})

test('mosquitto asks each client for its certificate, takes its name from it, and gives it its own rights', async (t) => {
  const { authority, server } = await openBrokerHome(platform, { directory: await folder(t), ...asked })
  const files = mosquittoFiles({ directory: '/etc/broker', port: 8883, credentials: server, clientAnchors: [authority], identities: [{ kind: 'device', site: 'demo', name: 'board' }] })
  t.deepEqual(Object.keys(files).at(-1), 'mosquitto.conf', 'what waits for it finds the others')
  for (const line of ['allow_anonymous false', 'require_certificate true', 'use_identity_as_username true', 'use_username_as_clientid true', 'acl_file /etc/broker/acl', 'listener 8883']) {
    t.true(files['mosquitto.conf']!.split('\n').includes(line), line)
  }
  t.regex(files['acl']!, /^user board\ntopic write mfp\/1\/demo\/board\/state$/mu)
})
