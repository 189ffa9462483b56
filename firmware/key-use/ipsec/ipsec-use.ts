import { asPlatenError, PlatenError } from '../../../protocol/errors.js'
import type { KeyUse } from '../../../protocol/key-use.js'
import { isValidAt } from '../../../protocol/scep/index.js'
import type { Clock } from '../../../protocol/time.js'
import type { CaCertificate, KeyEntry, KeyId, KeyStore } from '../../key-store/index.js'
import type { Log } from '../../platform/index.js'
import type { IpsecPolicies, IpsecPolicy } from '../../settings/index.js'
import type { KeyUseDriver, UseStatus } from '../driver.js'
import { cannotServe, certificateToServe, shownChain } from '../serving-certificate.js'
import type { Charon } from './charon.js'
import { connectionOf, type Connection } from './connection.js'
import { identityOf } from './identity.js'

export interface IpsecUseOptions {
  readonly policies: Pick<IpsecPolicies, 'list' | 'get'>
  readonly store: Pick<KeyStore, 'privateKey' | 'caCertificates'>
  readonly charon: Charon
  readonly clock: Pick<Clock, 'wall' | 'state'>
  readonly log: Log
  /** Whether the programs of strongSwan are there. */
  readonly installed: boolean
}

interface Line {
  readonly entry: KeyEntry
  readonly connection: Connection
}

/**
 * IPSec by one policy. The swap makes before it breaks: the connection with the new certificate is loaded beside the
 * one that serves and brought up; only then the old one ends. One that does not come up costs no traffic.
 */
export class IpsecUse implements KeyUseDriver {
  readonly use: KeyUse
  /** `IpsecUses` looks after the tunnels. */
  readonly supervised = true
  readonly #policy: string
  readonly #options: IpsecUseOptions
  #serving: Line | undefined
  #before: Line | undefined
  #reason: string | undefined
  #comingUp: Promise<void> | undefined

  constructor(policy: string, options: IpsecUseOptions) {
    this.use = `ipsec:${policy}`
    this.#policy = policy
    this.#options = options
  }

  /** The policy is enabled, and the programs of strongSwan are there. */
  enabled(): boolean {
    return this.#options.installed && this.#options.policies.get(this.#policy).enabled
  }

  canServe(entry: KeyEntry): void {
    this.connectionFor(entry, this.#options.policies.get(this.#policy))
  }

  /** What a policy is with the certificate of a key. @throws use-cannot-serve */
  connectionFor(entry: KeyEntry, policy: IpsecPolicy): Connection {
    const { store, clock } = this.#options
    const certificate = certificateToServe(this.use, entry, store)
    if (clock.state() !== 'unset' && !isValidAt(certificate, clock.wall())) {
      throw cannotServe(this.use, entry, `its certificate is valid from ${day(certificate.notBefore)} to ${day(certificate.notAfter)}`, 'Request a new certificate, or see whether the clock is right.')
    }
    const place = this.#options.policies.list().findIndex(({ name }) => name === policy.name)
    try {
      return connectionOf({ policy, identity: identityOf(certificate.der, policy.localIdentity), key: entry.id, chain: shownChain(entry), authorities: authoritiesOf(policy, store.caCertificates()), place: Math.max(0, place) })
    } catch (cause) {
      const { message, fix } = asPlatenError(cause)
      throw cannotServe(this.use, entry, message, fix)
    }
  }

  /** Loads the connection; the tunnel that is up goes on. @throws use-cannot-serve when the daemon does not take it */
  apply(entry: KeyEntry): Promise<void> {
    return this.move({ entry, connection: this.connectionFor(entry, this.#options.policies.get(this.#policy)) })
  }

  /** Serves with this connection; the one before stays until `retire` or `undo`. @throws use-cannot-serve */
  async move(line: Line): Promise<void> {
    await this.#options.charon.add(line.connection)
    const older = this.#before
    this.#before = this.#serving
    this.#serving = line
    await this.#end(older)
  }

  current(): KeyId | undefined {
    return this.#serving?.entry.id
  }

  /** The key and the connection that serve now. */
  serving(): Line | undefined {
    return this.#serving
  }

  /** Asks the daemon. Enabled and with a key, or the caller knows better. */
  async status(): Promise<UseStatus> {
    const { charon } = this.#options
    const name = this.#serving?.connection.name
    if (name === undefined) return { state: 'failed', detail: this.#reason ?? 'Nothing serves.' }
    try {
      const state = await charon.state(name)
      if (state === 'established') return { state: 'serving', detail: `A tunnel to ${this.#serving?.connection.policy.peer ?? ''} is up.` }
      if (state === 'connecting' || this.#reason === undefined) return { state: 'waiting', detail: this.#reason ?? 'The tunnel is coming up.' }
      return { state: 'failed', detail: this.#reason }
    } catch (error) {
      return { state: 'failed', detail: asPlatenError(error).message }
    }
  }

  /** An IKE_SA by the connection with this certificate, and a tunnel in it; then the one before ends. */
  async probe(): Promise<void> {
    if (this.#serving === undefined) throw new TypeError('nothing was applied that could be probed')
    await this.#options.charon.establish(this.#serving.connection.name)
    this.#reason = undefined
    await this.retire()
  }

  /** Ends the connection that served before. */
  async retire(): Promise<void> {
    const before = this.#before
    this.#before = undefined
    await this.#end(before)
  }

  async undo(): Promise<void> {
    const failed = this.#serving
    this.#serving = this.#before
    this.#before = undefined
    await this.#end(failed)
  }

  async switchOff(): Promise<void> {
    const lines = [this.#before, this.#serving]
    this.#before = this.#serving = this.#reason = undefined
    for (const line of lines) await this.#end(line)
  }

  /** Brings the tunnel up again when it is not, without waiting for the peer. Says what it meets in `reason` and the log. */
  keepUp(): void {
    const name = this.#serving?.connection.name
    if (name === undefined || this.#comingUp !== undefined) return
    this.#comingUp = this.#comeUp(name).finally(() => {
      this.#comingUp = undefined
    })
  }

  async #comeUp(name: string): Promise<void> {
    const reason = await this.#options.charon.establish(name).then(() => undefined, (error: unknown) => asPlatenError(error).message)
    if (this.#serving?.connection.name !== name) return
    this.#tell(reason)
    // After a start that went back to the key before, the other one is still loaded.
    if (reason === undefined) await this.retire()
  }

  /** Settles when no try to come up is under way. */
  async settled(): Promise<void> {
    await this.#comingUp
  }

  /** Notes why the policy does not serve now; the log has each change once. */
  #tell(reason: string | undefined): void {
    if (reason === this.#reason) return
    this.#reason = reason
    if (reason === undefined) this.#options.log.info('IPSec: the tunnel is up', { policy: this.#policy })
    else this.#options.log.warn('IPSec: the tunnel is down', { policy: this.#policy, reason })
  }

  /** Notes why the policy cannot serve at all. */
  cannotStart(reason: string): void {
    this.#tell(reason)
  }

  /** Nothing ends that still serves under the same name, as the same key applied again does. */
  async #end(line: Line | undefined): Promise<void> {
    const name = line?.connection.name
    if (name !== undefined && name !== this.#serving?.connection.name && name !== this.#before?.connection.name) await this.#options.charon.remove(name)
  }
}

/** Fails closed: a peer is trusted by the CA certificates that the policy names, and by nothing else. @throws use-cannot-serve */
function authoritiesOf({ authorities }: IpsecPolicy, known: readonly CaCertificate[]): readonly Uint8Array[] {
  if (authorities.length === 0) throw new PlatenError('use-cannot-serve', 'the policy trusts no CA certificate, so no peer could be verified', { fix: 'Choose CA certificates with ipsec edit; ca show lists them.' })
  return authorities.map((name) => {
    const found = known.find((each) => each.name === name)
    if (found !== undefined) return found.der
    throw new PlatenError('use-cannot-serve', `the CA certificate ${JSON.stringify(name)} of the policy is not in the store`, { fix: 'Choose others with ipsec edit; ca show lists them.' })
  })
}

function day(wall: number): string {
  return new Date(wall).toISOString().slice(0, 10)
}
