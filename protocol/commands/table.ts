/** The one table of commands: every front knows these and no others. */
import type * as z from 'zod'
import { caDelete, caExport, caImport } from './ca-certificates.js'
import { caFetch, caPin, caShow, commSet, commShow } from './communication.js'
import type { CommandDefinition } from './definition.js'
import { help, log, logout, password, restart, status, whoami } from './device.js'
import { dot1xOff, dot1xSet, dot1xShow } from './dot1x.js'
import { history, poll, request } from './issuance.js'
import { ipsecAdd, ipsecDisable, ipsecEdit, ipsecEnable, ipsecList, ipsecOrder, ipsecRemove, ipsecStatus } from './ipsec.js'
import { keysAssign, keysDelete, keysExport, keysImport, keysList, keysShow } from './keys.js'
import { timerOff, timerSet, timerShow } from './timer.js'
import { uses, usesAssign, usesDisable, usesEnable, usesProbe, usesUndo } from './uses.js'

export const commands = {
  'comm show': commShow,
  'comm set': commSet,
  'ca fetch': caFetch,
  'ca show': caShow,
  'ca pin': caPin,
  'ca import': caImport,
  'ca export': caExport,
  'ca delete': caDelete,
  request,
  status,
  history,
  poll,
  'timer show': timerShow,
  'timer set': timerSet,
  'timer off': timerOff,
  'keys list': keysList,
  'keys show': keysShow,
  'keys delete': keysDelete,
  'keys assign': keysAssign,
  'keys import': keysImport,
  'keys export': keysExport,
  uses,
  'uses assign': usesAssign,
  'uses enable': usesEnable,
  'uses disable': usesDisable,
  'uses probe': usesProbe,
  'uses undo': usesUndo,
  'dot1x show': dot1xShow,
  'dot1x set': dot1xSet,
  'dot1x off': dot1xOff,
  'ipsec list': ipsecList,
  'ipsec status': ipsecStatus,
  'ipsec add': ipsecAdd,
  'ipsec edit': ipsecEdit,
  'ipsec remove': ipsecRemove,
  'ipsec order': ipsecOrder,
  'ipsec enable': ipsecEnable,
  'ipsec disable': ipsecDisable,
  restart,
  log,
  whoami,
  password,
  logout,
  help,
} as const satisfies Readonly<Record<string, CommandDefinition>>

export type CommandName = keyof typeof commands
/** A request after its check: defaults filled in, text turned into types. */
export type RequestOf<Name extends CommandName> = z.output<(typeof commands)[Name]['request']>
export type ReplyOf<Name extends CommandName> = z.output<(typeof commands)[Name]['reply']>

/** In the order of the table. */
export const commandNames = Object.keys(commands) as readonly CommandName[]

/** The definition by name, without its own types. */
export function definitionOf(name: CommandName): CommandDefinition {
  return commands[name]
}
