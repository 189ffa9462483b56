import type { CommandName, ReplyOf, RequestOf } from '../../protocol/commands/index.js'
import type { Actor } from './access.js'
import type { Services } from './services.js'

/** Where a command came from. */
export type Front = 'serial console' | 'machine frames' | 'MQTT' | 'Remote UI'

export interface CommandContext {
  /** Undefined when nobody is signed in. */
  readonly actor: Actor | undefined
  readonly front: Front
  /** Told what is being done, in short sentences. */
  readonly progress: (text: string) => void
  /** Asks the command to stop waiting where it can. */
  readonly signal?: AbortSignal
}

/** A context after the check that somebody is signed in. */
export type SignedInContext = CommandContext & { readonly actor: Actor }

export type Handler<Name extends CommandName> = (request: RequestOf<Name>, services: Services, context: SignedInContext) => ReplyOf<Name> | Promise<ReplyOf<Name>>
export type Handlers<Names extends CommandName = CommandName> = { readonly [Name in Names]: Handler<Name> }
