import { asPlatenError, PlatenError } from '../../../protocol/errors.js'
import type { UseReason } from '../../../protocol/key-use.js'
import { milliseconds, seconds, type Clock, type Duration } from '../../../protocol/time.js'
import { readCertificate } from '../../../protocol/scep/index.js'
import type { KeyEntry, KeyId, KeyStore } from '../../key-store/index.js'
import type { Disk, Log, Processes } from '../../platform/index.js'
import type { Ieee8021xSettingsFile } from '../../settings/index.js'
import type { KeyUseDriver, UseStatus } from '../driver.js'
import { newestAttempt } from './attempt.js'
import { CredentialFiles, type CredentialSet } from './credential-files.js'
import { cannot, checkFitness, day, nameOf } from './fitness.js'
import { Supplicant } from './supplicant.js'
import { supplicantConfig } from './supplicant-config.js'

export interface Ieee8021xUseOptions {
  readonly store: Pick<KeyStore, 'privateKey' | 'caCertificates'>
  readonly settings: Pick<Ieee8021xSettingsFile, 'get' | 'update'>
  readonly processes: Processes
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  /** A folder of its own on tmpfs. */
  readonly directory: string
}

/**
 * A swap that fails ends within 60 s with the old key serving. At worst a hung daemon costs 3 s for each question, so:
 * 3 s to apply, 15 + 6 s for the new key, 3 + 25 + 6 s for the old one.
 */
const probeDeadline = seconds(15)
const undoDeadline = seconds(25)
const betweenLooks = milliseconds(500)
/** An authenticator is deaf for some seconds after a failure, and wpa_supplicant asks again only after 30 s. */
const betweenNudges = seconds(6)

/** What serves: a key as it was written for the daemon. */
interface Served {
  readonly entry: KeyEntry
  readonly set: CredentialSet
  readonly identity: string
  readonly interface: string
  readonly config: string
  readonly terms: string
}

interface Failure {
  readonly reason: UseReason
  readonly words: string
}

type Look = { readonly state: 'authenticated' | 'waiting' } | { readonly state: 'failed'; readonly failure: Failure }

/** IEEE 802.1X: wired EAP-TLS by wpa_supplicant. Without a chosen CA for the authentication server it does not serve. */
export class Ieee8021xUse implements KeyUseDriver {
  readonly use = 'ieee-802-1x'
  readonly #options: Ieee8021xUseOptions
  readonly #files: CredentialFiles
  readonly #supplicant: Supplicant
  #serving: Served | undefined
  #before: Served | undefined

  constructor(options: Ieee8021xUseOptions) {
    this.#options = options
    this.#files = new CredentialFiles(options)
    this.#supplicant = new Supplicant({ ...options, configPath: this.#files.configPath, controls: this.#files.controls })
  }

  enabled(): boolean {
    return this.#options.settings.get().enabled
  }

  async setEnabled(on: boolean): Promise<void> {
    await this.#options.settings.update({ enabled: on })
  }

  canServe(entry: KeyEntry): void {
    this.#authorities(entry)
    const { clock, store } = this.#options
    checkFitness(entry, () => store.privateKey(entry.id), clock.state() === 'unset' ? undefined : clock.wall())
  }

  /** Nothing is touched where the same key already has the port open by the same settings. */
  async apply(entry: KeyEntry): Promise<void> {
    const last = this.#serving
    if (last !== undefined && last.terms === this.#terms(entry) && (await this.#look()).state === 'authenticated') {
      this.#before = last
      return
    }
    const next = await this.#write(entry)
    try {
      await this.#put(next)
    } catch (cause) {
      await this.#putBack(last).catch((error: unknown) => this.#options.log.error('IEEE 802.1X: the key before could not be put back', { reason: asPlatenError(error).message }))
      throw cannot(entry, asPlatenError(cause).message, asPlatenError(cause).fix)
    }
    this.#before = last
    this.#serving = next
    await this.#files.keepOnly(last === undefined ? [next.set] : [last.set, next.set])
  }

  current(): KeyId | undefined {
    return this.#serving?.entry.id
  }

  /** An authentication that began after the last apply, to its end. */
  async probe(): Promise<void> {
    const served = this.#serving
    if (served === undefined) throw new TypeError('nothing was applied that could be probed')
    const failure = await this.#authenticated(probeDeadline, { patient: false })
    if (failure !== undefined) throw new PlatenError('probe-failed', failure.words, { facts: { reason: failure.reason, interface: served.interface, identity: served.identity } })
  }

  /** Back to the key before, until it is let in again. @throws use-cannot-serve when it is in place, but not let in */
  async undo(): Promise<void> {
    const last = this.#before
    this.#before = undefined
    this.#serving = last
    await this.#putBack(last)
    const failure = last === undefined ? undefined : await this.#authenticated(undoDeadline, { patient: true })
    if (failure !== undefined) throw new PlatenError('use-cannot-serve', failure.words, { facts: { reason: failure.reason } })
  }

  async switchOff(): Promise<void> {
    await this.#supplicant.stop()
    await this.#files.keepOnly([])
    this.#serving = undefined
    this.#before = undefined
  }

  async status(): Promise<UseStatus> {
    const served = this.#serving
    if (served === undefined) return { state: 'failed', detail: 'The key could not be applied; the log says why.' }
    const look = await this.#look()
    const unlinked = await this.#noLink(served.interface)
    if (look.state === 'authenticated' && unlinked === undefined) return { state: 'serving', detail: `Authenticated as ${served.identity} on ${served.interface}.` }
    if (look.state === 'failed') return { state: 'failed', reason: look.failure.reason, detail: `Not authenticated: ${look.failure.words}.` }
    const { reason, words } = unlinked ?? await this.#whyNot()
    return { state: reason === 'daemon-failed' ? 'failed' : 'waiting', reason, detail: `Not authenticated${reason === 'daemon-failed' ? '' : ' yet'}: ${words}.` }
  }

  /** Ends the daemon and removes the files; the settings and the assignment stay. */
  async close(): Promise<void> {
    await this.switchOff()
  }

  /** Fail closed: the CA certificates that were chosen and are in the store, at least one. */
  #authorities(entry: KeyEntry): readonly Uint8Array[] {
    const { settings, store } = this.#options
    const { caNames } = settings.get()
    if (caNames.length === 0) throw cannot(entry, 'no CA is chosen for the authentication server', 'Choose one: dot1x set ca=<name>.')
    const known = new Map(store.caCertificates().map(({ name, der }) => [name, der]))
    return caNames.map((name) => {
      const der = known.get(name)
      if (der === undefined) throw cannot(entry, `the CA certificate "${name}" is not in the key store`, 'Choose another: dot1x set ca=<name>.')
      return der
    })
  }

  async #write(entry: KeyEntry): Promise<Served> {
    const { settings, store } = this.#options
    const { interface: interfaceName, identity = nameOf(entry), serverName, revocation } = settings.get()
    const set = await this.#files.write({ privateKey: store.privateKey(entry.id), chain: entry.chain, authorities: this.#authorities(entry) })
    const config = supplicantConfig({ controls: this.#files.controls, identity, revocation, ...(serverName === undefined ? {} : { serverName }), ...set })
    return { entry, set, identity, interface: interfaceName, config, terms: this.#terms(entry) }
  }

  /** All that an authentication by this key depends on. */
  #terms(entry: KeyEntry): string {
    const settings = this.#options.settings.get()
    return JSON.stringify([entry.id, settings, entry.chain.concat(this.#authorities(entry)).map((der) => Buffer.from(der).toString('base64'))])
  }

  async #put(served: Served): Promise<void> {
    await this.#files.configure(served.config)
    await this.#supplicant.reload(served.interface)
  }

  async #putBack(last: Served | undefined): Promise<void> {
    if (last === undefined) return this.switchOff()
    await this.#put(last)
    await this.#files.keepOnly([last.set])
  }

  /**
   * Waits for the outcome of an authentication.
   * @param patient goes on after a failure: an authenticator that has just refused another key is deaf for a while
   * @returns why not; undefined when it succeeded
   */
  async #authenticated(deadline: Duration, { patient }: { readonly patient: boolean }): Promise<Failure | undefined> {
    const { clock } = this.#options
    const end = clock.monotonic() + deadline
    let nudge = clock.monotonic() + betweenNudges
    for (;;) {
      const look = await this.#look()
      if (look.state === 'authenticated') return undefined
      if (look.state === 'failed' && !patient) return look.failure
      if (clock.monotonic() >= end) return look.state === 'failed' ? look.failure : this.#whyNot()
      if (clock.monotonic() >= nudge) {
        nudge += betweenNudges
        await this.#supplicant.again()
      }
      await new Promise<void>((resolve) => clock.after('look at IEEE 802.1X', betweenLooks, resolve))
    }
  }

  async #look(): Promise<Look> {
    const ended = this.#supplicant.ended()
    if (ended !== undefined) return { state: 'failed', failure: { reason: 'daemon-failed', words: ended } }
    const { outcome, reason = 'certificate-rejected', words } = newestAttempt(this.#supplicant.lines())
    if (outcome === 'failure') return { state: 'failed', failure: this.#ownExpiry(reason) ?? { reason, words } }
    // A port without an authenticator counts as Authorized after a while, so the success of EAP is asked for as well.
    const authorized = outcome === 'success' && (await this.#supplicant.status())?.get('suppPortStatus') === 'Authorized'
    return authorized ? { state: 'authenticated' } : { state: 'waiting' }
  }

  /** Servers refuse an expired certificate, and many do not say why. */
  #ownExpiry(reason: UseReason): Failure | undefined {
    const leaf = this.#serving?.entry.chain[0]
    const { clock } = this.#options
    if (reason !== 'certificate-rejected' || leaf === undefined || clock.state() === 'unset') return undefined
    const { notAfter } = readCertificate(leaf)
    return clock.wall() <= notAfter ? undefined : { reason: 'certificate-expired', words: `the authentication server refused our certificate, which expired on ${day(notAfter)}` }
  }

  /** Why nothing has come of it by now. */
  async #whyNot(): Promise<Failure> {
    const name = this.#serving?.interface ?? ''
    const unlinked = await this.#noLink(name)
    if (unlinked !== undefined) return unlinked
    if (await this.#supplicant.status() === undefined) return { reason: 'daemon-failed', words: 'wpa_supplicant does not answer' }
    return { reason: 'no-answer', words: newestAttempt(this.#supplicant.lines()).outcome === 'none' ? `no authenticator answers on ${name}` : 'the authentication server does not answer' }
  }

  async #noLink(name: string): Promise<Failure | undefined> {
    const { code, lines } = await this.#options.processes.run('cat', [`/sys/class/net/${name}/carrier`], seconds(3))
    if (code !== 0) return { reason: 'no-link', words: lines.some((line) => line.includes('No such file')) ? `there is no interface ${name}` : `the interface ${name} is switched off` }
    return lines.at(-1)?.trim() === '0' ? { reason: 'no-link', words: `${name} has no link: see whether the cable is plugged in` } : undefined
  }
}
