/** What a command is: one entry of the one table that all fronts share. */
import type * as z from 'zod'
import type { ErrorCode } from '../errors.js'

/** `user`: any signed-in account; `administrator`: changes things or shows what only an administrator may see. */
export type Privilege = 'administrator' | 'user'

/** A field that the console asks for after the line, without echo. */
export interface AskedSecret {
  readonly field: string
  readonly prompt: string
  /** Asked a second time with this prompt; both must be equal. */
  readonly again?: string
  /**
   * Many lines are pasted: `dot` ends with a line that is one dot, `block` with the END line of a PEM block too. What
   * is pasted is asked for in this way whether it is secret or not.
   */
  readonly paste?: 'block' | 'dot'
}

export interface CommandDefinition<Request extends z.ZodObject = z.ZodObject, Reply extends z.ZodObject = z.ZodObject> {
  /** One or two words: `status`, `keys list`. */
  readonly name: string
  /** One line for the list of verbs. */
  readonly summary: string
  /** What a person should know before using it; paragraphs. */
  readonly help: readonly string[]
  readonly request: Request
  readonly reply: Reply
  /** The fields that a console line may give without their names, in this order. */
  readonly positional: readonly string[]
  /** The last positional field takes all bare words that are left, joined by one space. */
  readonly gathers: boolean
  readonly secrets: readonly AskedSecret[]
  /** For a list in the reply: the fields that a table shows, where not all of them. */
  readonly columns: Readonly<Record<string, readonly string[]>>
  readonly examples: readonly string[]
  /** What it can answer beside the codes that any command can (`commonErrors`). */
  readonly errors: readonly ErrorCode[]
  /** Sent twice it has the same effect as once. */
  readonly idempotent: boolean
  readonly privilege: Privilege
}

/** Codes that any command can answer. */
export const commonErrors = ['unknown-field', 'missing-field', 'invalid-value', 'not-signed-in', 'permission-denied', 'busy', 'disk-failed', 'internal'] as const satisfies readonly ErrorCode[]

type Optional = 'positional' | 'gathers' | 'secrets' | 'columns' | 'help' | 'errors' | 'idempotent' | 'privilege'

/** Fills in what most commands have: an administrator's command with no secrets that may be repeated. */
export function command<Request extends z.ZodObject, Reply extends z.ZodObject>(
  given: Omit<CommandDefinition<Request, Reply>, Optional> & Partial<Pick<CommandDefinition<Request, Reply>, Optional>>,
): CommandDefinition<Request, Reply> {
  return { positional: [], gathers: false, secrets: [], columns: {}, help: [], errors: [], idempotent: true, privilege: 'administrator', ...given }
}

/** The fields of a request by name, in the order of the table. */
export function fieldsOf(definition: CommandDefinition): Readonly<Record<string, z.core.$ZodType>> {
  return definition.request.shape
}
