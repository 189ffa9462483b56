import { PlatenError } from '../../protocol/errors.js'
import { Authority, checkScript, startScepRelay, startScepServer, type ExchangeListener, type FaultScript, type ScepRelayOptions, type ScepServerOptions } from '../scep-server/index.js'

/** What listens for boards now. */
export interface Listening {
  /** As boards reach it, with its port. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** What kind of SCEP server a scenario has: it can be started again and is the same. */
export interface ServerForm {
  /** Of the top CA, SHA-256, hex. */
  readonly fingerprint: string
  /** Empty when none is asked for. */
  readonly challenge: string
  /** What a board has to be set to. */
  readonly policy: 'standard' | 'legacy'
  /** @param port 0: the system chooses @throws listen-failed; not-configured when it cannot misbehave */
  listen(port: number, script: FaultScript, onExchange: ExchangeListener): Promise<Listening & { misbehave(script: FaultScript): void }>
}

/** The rig's own server, which misbehaves on demand. */
export async function ownServer(platform: ScepServerOptions['platform'], options: Pick<ScepServerOptions, 'address'> & { readonly authority?: Authority; readonly challenge?: string } = {}): Promise<ServerForm> {
  const { challenge = '', address } = options
  const authority = options.authority ?? await Authority.open({}, platform)
  return {
    fingerprint: authority.fingerprint, challenge, policy: 'standard',
    listen: async (port, script, onExchange) => {
      const server = await startScepServer({
        platform, authority, port, script: checkScript(script), onExchange,
        ...address === undefined ? {} : { address },
        ...challenge === '' ? {} : { challenge: { mode: 'static', password: challenge } },
      })
      return { url: server.url, port: server.port, close: () => server.close(), misbehave: (next) => server.setScript(checkScript(next)) }
    },
  }
}

/** A server of others behind a relay that writes the transcript; it does what it does. */
export function relayedServer(platform: ScepRelayOptions['platform'], facts: Pick<ServerForm, 'fingerprint' | 'challenge' | 'policy'> & Pick<ScepRelayOptions, 'upstream' | 'address'>): ServerForm {
  const { fingerprint, challenge, policy, upstream, address } = facts
  const refuse = ({ faults }: FaultScript): void => {
    if (faults.length > 0) throw new PlatenError('not-configured', 'a SCEP server of others does not misbehave on demand', { fix: 'Take scep: embedded in the bench file.' })
  }
  return {
    fingerprint, challenge, policy,
    listen: async (port, script, onExchange) => {
      refuse(script)
      const relay = await startScepRelay({ platform, upstream, port, onExchange, ...address === undefined ? {} : { address } })
      return { url: relay.url, port: relay.port, close: () => relay.close(), misbehave: refuse }
    },
  }
}
