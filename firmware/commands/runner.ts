import { checkRequest, definitionOf, type CommandName, type ReplyOf } from '../../protocol/commands/index.js'
import { asPlatenError, PlatenError } from '../../protocol/errors.js'
import { caHandlers } from './ca-handlers.js'
import { communicationHandlers } from './communication-handlers.js'
import type { CommandContext, Handler, Handlers, SignedInContext } from './context.js'
import { deviceHandlers } from './device-handlers.js'
import { dot1xHandlers } from './dot1x-handlers.js'
import { ipsecHandlers } from './ipsec-handlers.js'
import { issuanceHandlers } from './issuance-handlers.js'
import { keyFileHandlers } from './key-file-handlers.js'
import { keyHandlers } from './key-handlers.js'
import type { Services } from './services.js'
import { timerHandlers } from './timer-handlers.js'
import { useHandlers } from './use-handlers.js'

const handlers: Handlers = { ...communicationHandlers, ...caHandlers, ...issuanceHandlers, ...timerHandlers, ...keyHandlers, ...keyFileHandlers, ...useHandlers, ...dot1xHandlers, ...ipsecHandlers, ...deviceHandlers }

/** The one command set over the board's services: every front gives its commands here. */
export class CommandRunner {
  readonly #services: Services

  constructor(services: Services) {
    this.#services = services
  }

  /**
   * Checks who asks and what is asked, does it, and checks the reply.
   * @param request as it came: text from people, types from machines
   * @throws PlatenError only: what the definition of the command lists, and `commonErrors`. An `internal` one says
   * nothing about its cause, which is in the log.
   */
  async run<Name extends CommandName>(name: Name, request: unknown, context: CommandContext): Promise<ReplyOf<Name>> {
    try {
      const reply = await this.#run(name, request, context)
      this.#tell(name, context, 'ok')
      return reply
    } catch (thrown) {
      const error = asPlatenError(thrown)
      if (error.code === 'internal') throw this.#hide(name, error)
      this.#tell(name, context, error.code)
      throw error
    }
  }

  async #run<Name extends CommandName>(name: Name, request: unknown, context: CommandContext): Promise<ReplyOf<Name>> {
    const definition = definitionOf(name)
    const signedIn = allow(definition.privilege, context)
    const checked = checkRequest(name, request)
    const handler: Handler<Name> = handlers[name]
    return definition.reply.parse(await handler(checked, this.#services, signedIn)) as ReplyOf<Name>
  }

  /** What changes the device is told; reading it is not worth a line. Requests are never told: they may hold secrets. */
  #tell(name: CommandName, { actor, front }: CommandContext, result: string): void {
    const { privilege } = definitionOf(name)
    const facts = { account: actor?.account ?? 'nobody', front, result }
    if (privilege === 'administrator') this.#services.log.info(`command: ${name}`, facts)
    else this.#services.log.debug(`command: ${name}`, facts)
  }

  #hide(name: CommandName, error: PlatenError): PlatenError {
    const cause = error.cause instanceof Error ? error.cause : error
    this.#services.log.error(`command: ${name} failed by a mistake of the firmware`, { error: cause.stack ?? cause.message })
    return new PlatenError('internal', 'The firmware made a mistake; nothing more was done.', { fix: 'Type log for the details, and report them.', cause: error })
  }
}

function allow(privilege: 'administrator' | 'user', context: CommandContext): SignedInContext {
  const { actor } = context
  if (actor === undefined) throw new PlatenError('not-signed-in', 'Nobody is signed in.', { fix: 'Sign in first.' })
  if (privilege === 'administrator' && actor.privilege !== 'administrator') throw new PlatenError('permission-denied', 'This needs an administrator.', { fix: 'Sign in as administrator.' })
  return { ...context, actor }
}
