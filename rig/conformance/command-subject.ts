import { certificateOfPem, certificatePem } from '../../protocol/pem.js'
import { readCertificate } from '../../protocol/scep/index.js'
import type { Duration } from '../../protocol/time.js'
import type { RigPlatform } from '../platform/index.js'
import { commandWords } from './command-words.js'
import { challenge, type Attempt, type Ended, type Enrolment, type Subject, type Target } from './subject.js'

export interface CommandSubjectOptions {
  readonly platform: RigPlatform
  /** With placeholders: {url} {challenge} {key} {certificate} {fingerprint} {ca}. */
  readonly line: string
  /** A client that has not ended by then is ended. */
  readonly deadline: Duration
}

/** Any client that is a program: it enrolled when it ends with 0 and the certificate's file holds one. */
export class CommandSubject implements Subject {
  readonly name: string
  readonly kind = 'command'
  readonly atOnce = 6
  readonly #options: CommandSubjectOptions
  readonly #directories: (() => Promise<void>)[] = []

  constructor(options: CommandSubjectOptions) {
    this.name = options.line
    this.#options = options
  }

  async prepare(target: Target, { trust = target }: Attempt): Promise<Enrolment> {
    const { files } = this.#options.platform
    const fresh = async (): Promise<string> => {
      const made = await files.temporaryDirectory('platen-client')
      this.#directories.push(() => made.remove())
      return made.path
    }
    let directory = await fresh()
    return {
      enrol: async (attempt = {}) => {
        if (attempt.again !== true) directory = await fresh()
        return await this.#run(directory, target, trust, attempt.challenge ?? challenge)
      },
      cutOff: async (pending) => {
        await this.#run(directory, target, trust, challenge, pending)
      },
      resume: () => this.#run(directory, target, trust, challenge),
    }
  }

  async close(): Promise<void> {
    for (const remove of this.#directories) await remove()
  }

  async #run(directory: string, target: Target, trust: Target | 'nobody', secret: string, until?: Promise<unknown>): Promise<Ended> {
    const { platform: { files, processes, clock }, line, deadline } = this.#options
    const certificate = `${directory}/client.pem`
    const known = trust === 'nobody' ? undefined : trust.authority
    if (known !== undefined) await files.write(`${directory}/ca.pem`, certificatePem(known.ca.der))
    const [program = '', ...words] = commandWords(line, {
      url: target.url, challenge: secret, key: `${directory}/client.key`, certificate, fingerprint: known?.fingerprint ?? '', ca: `${directory}/ca.pem`,
    })
    let last = ''
    const running = await processes.start(program, words, { directory, onLine: (said) => (last = said) })
    const timer = clock.after('conformance: client deadline', deadline, () => running.signal('SIGKILL'))
    void until?.then(() => running.signal('SIGKILL'))
    const { code, signal } = await running.exited
    timer.cancel()
    const hung = signal === 'SIGKILL'
    const made = await files.read(certificate)
    const enrolled = code === 0 && made !== undefined && holdsCertificate(Buffer.from(made).toString('utf8'))
    return { enrolled, hung, said: `${hung ? 'ended by the rig' : `exit code ${code ?? 'none'}`}${last === '' ? '' : `: ${last.replaceAll(secret, '…').trim().slice(0, 200)}`}` }
  }
}

function holdsCertificate(text: string): boolean {
  try {
    const der = certificateOfPem(text)
    return der !== undefined && readCertificate(der).subject !== ''
  } catch {
    return false
  }
}
