import type { ExecutionContext } from 'ava'
import { linuxPlatform } from '../../rig/platform/index.js'
import { checkScript, startScepServer, type ScepServer, type ScepServerOptions } from '../../rig/scep-server/index.js'
import { fixtureKeys } from './fixture-keys.js'
import { RawScepClient } from './raw-scep-client.js'

const platform = linuxPlatform()

/** The real platform, but keys come from the fixtures, in turn: generating one takes longer than most tests. */
export function fixturePlatform(): ScepServerOptions['platform'] {
  const spare = [fixtureKeys.one, fixtureKeys.two, fixtureKeys.three]
  return {
    ...platform,
    keys: { rsa: () => Promise.resolve(spare.shift() ?? fixtureKeys.three) },
  }
}

/** A server that ends with the test, and a client with a key of its own. */
export async function rigServer(t: ExecutionContext, options: Omit<Partial<ScepServerOptions>, 'script'> & { readonly script?: unknown } = {}): Promise<{ server: ScepServer; client: RawScepClient }> {
  const { script, ...rest } = options
  const server = await startScepServer({ platform: fixturePlatform(), ...rest })
  t.teardown(() => server.close())
  const client = await RawScepClient.open(server.url, fixtureKeys.four)
  if (script !== undefined) server.setScript(checkScript(script))
  return { server, client }
}
