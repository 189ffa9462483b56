import { posix } from 'node:path'
import { scrypt, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { ADMINISTRATOR, PASSWORD_MINIMUM, type Privilege } from '../../protocol/commands/index.js'
import { PlatenError } from '../../protocol/errors.js'
import type { RandomBytes } from '../../protocol/random.js'
import type { Clock } from '../../protocol/time.js'
import { RecordFile, type Disk, type Log } from '../platform/index.js'
import { lockAfter, type LockState } from './lock-out.js'

/** Who gives a command. */
export interface Actor {
  readonly account: string
  readonly privilege: Privilege
}

/** scrypt parameters (RFC 7914): 128 × cost × blockSize bytes of memory for each guess. */
export interface PasswordCost {
  readonly cost: number
  readonly blockSize: number
  readonly parallel: number
}

/** 32 MiB and some tens of milliseconds a guess. */
const defaultCost: PasswordCost = { cost: 2 ** 15, blockSize: 8, parallel: 1 }

const passwordHash = z.strictObject({ salt: z.base64(), hash: z.base64(), cost: z.int(), blockSize: z.int(), parallel: z.int() })
type PasswordHash = z.infer<typeof passwordHash>
const stored = z.strictObject({ version: z.literal(1), failures: z.int().min(0), password: passwordHash.optional() })
type Stored = z.infer<typeof stored>

export interface AccessOptions {
  readonly disk: Disk
  /** Made when missing; its parent must exist. */
  readonly directory: string
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  /** For tests; a password keeps the cost it was set with. */
  readonly cost?: PasswordCost
}

/**
 * The one account of a board, `administrator`. No password is built in: the first sign-in sets it. Each failure is
 * on the disk before it is answered, so pulling the plug buys no further guess.
 */
export class Access {
  readonly #file: RecordFile<Stored>
  readonly #clock: Clock
  readonly #random: RandomBytes
  readonly #log: Log
  readonly #cost: PasswordCost
  #lock: LockState
  /** One attempt at a time: guesses that come together on several fronts must not share one count. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(file: RecordFile<Stored>, { clock, random, log, cost = defaultCost }: AccessOptions) {
    this.#file = file
    this.#clock = clock
    this.#random = random
    this.#log = log
    this.#cost = cost
    // The wait begins anew with each boot: the monotonic clock does not know how long the power was off.
    this.#lock = lockAfter(file.value.failures, clock.monotonic())
  }

  /** @throws disk-failed */
  static async open(options: AccessOptions): Promise<Access> {
    const file = await RecordFile.open<Stored>({
      disk: options.disk,
      path: posix.join(options.directory, 'access.json'),
      check: (content) => stored.parse(content),
      empty: { version: 1, failures: 0 },
    })
    return new Access(file, options)
  }

  /** What was found damaged at start. A damaged password is no missing one: nobody can sign in until it is put right. */
  problems(): readonly PlatenError[] {
    return this.#file.problem === undefined ? [] : [this.#file.problem]
  }

  /** Whether this board is new: nobody has set a password yet. */
  isNew(): boolean {
    return this.#file.problem === undefined && this.#file.value.password === undefined
  }

  /** Sets the password of a new board and signs in. @throws permission-denied, invalid-value, store-damaged, disk-failed */
  setFirstPassword(password: string): Promise<Actor> {
    return this.#inTurn(async () => {
      if (!this.isNew()) throw new PlatenError('permission-denied', 'The password is set already.', { fix: 'Sign in with it.' })
      await this.#keep(password)
      this.#log.info('access: the first password was set')
      return administrator
    })
  }

  /** @throws wrong-password, locked-out (facts.seconds), not-configured on a new board, store-damaged, disk-failed */
  signIn(account: string, password: string): Promise<Actor> {
    return this.#inTurn(async () => {
      if (account !== ADMINISTRATOR) throw new PlatenError('wrong-password', 'There is no such account.', { fix: `The account of this board is ${ADMINISTRATOR}.` })
      await this.#prove(password)
      this.#log.info('access: signed in', { account })
      return administrator
    })
  }

  /** @throws wrong-password, locked-out, invalid-value, store-damaged, disk-failed */
  change(current: string, next: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#prove(current)
      await this.#keep(next)
      this.#log.info('access: the password was changed')
    })
  }

  async #prove(password: string): Promise<void> {
    const { password: known, failures } = this.#file.value
    if (this.#file.problem !== undefined) throw this.#file.problem
    if (known === undefined) throw new PlatenError('not-configured', 'This board has no password yet.', { fix: 'Sign in on the serial console to set the first one.' })
    const wait = this.#lock.until - this.#clock.monotonic()
    if (wait > 0) throw lockedOut(wait)
    const salt = Buffer.from(known.salt, 'base64')
    if (timingSafeEqual(await derive(password, salt, known), Buffer.from(known.hash, 'base64'))) {
      if (failures > 0) await this.#count(0)
      return
    }
    await this.#count(failures + 1)
    this.#log.warn('access: a password was wrong', { account: ADMINISTRATOR, failures: failures + 1 })
    throw this.#lock.wait > 0 ? lockedOut(this.#lock.wait) : new PlatenError('wrong-password', 'The password is wrong.', { facts: { failures: failures + 1 } })
  }

  async #count(failures: number): Promise<void> {
    await this.#file.update((value) => ({ ...value, failures }))
    this.#lock = lockAfter(failures, this.#clock.monotonic())
  }

  async #keep(password: string): Promise<void> {
    if (password.length < PASSWORD_MINIMUM || password.length > 255) {
      throw new PlatenError('invalid-value', `The password must have ${PASSWORD_MINIMUM} to 255 characters.`, { facts: { field: 'new' }, fix: 'Choose a longer one.' })
    }
    const salt = this.#random(16)
    const hash = await derive(password, salt, this.#cost)
    const kept: PasswordHash = { salt: Buffer.from(salt).toString('base64'), hash: hash.toString('base64'), ...this.#cost }
    await this.#file.update(() => ({ version: 1, failures: 0, password: kept }))
  }

  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const mine = this.#turn.then(run)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

const administrator: Actor = { account: ADMINISTRATOR, privilege: 'administrator' }

function lockedOut(wait: number): PlatenError {
  const left = Math.ceil(wait / 1000)
  return new PlatenError('locked-out', `Too many wrong passwords; sign-in is locked for ${left} s.`, { facts: { seconds: left }, fix: `Wait ${left} s, then sign in again.` })
}

/** One spelling for letters that keyboards compose differently (RFC 8265, OpaqueString: NFC). */
function derive(password: string, salt: Uint8Array, { cost, blockSize, parallel }: PasswordCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, 32, { N: cost, r: blockSize, p: parallel, maxmem: 256 * cost * blockSize }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}
