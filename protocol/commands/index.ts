/** The one command set: names, requests, replies, errors; how they look on a console line; how a result line reads. */
export { commonErrors, fieldsOf, type AskedSecret, type CommandDefinition, type Privilege } from './definition.js'
export { PASSWORD_MINIMUM } from './device.js'
export { isOptional, notesOf, type FieldNotes } from './fields.js'
export { commandTable, helpFor, helpOverview, usageOf } from './help.js'
export {
  ADMINISTRATOR, CA_FILE_PROMPT, CHALLENGE_PROMPT, CURRENT_PASSWORD_PROMPT, EXPORT_PASSWORD_AGAIN_PROMPT, EXPORT_PASSWORD_PROMPT, KEY_FILE_PASSWORD_PROMPT, KEY_FILE_PROMPT, LINE_LIMIT, LOGIN_PROMPT, NEW_PASSWORD_AGAIN_PROMPT, NEW_PASSWORD_PROMPT, PASSWORD_PROMPT,
  PASTE_LIMIT, PROGRESS_MARK, PROMPT, PROMPTS,
} from './prompts.js'
export { CLOCK_NOT_SET, isoDate } from './replies.js'
export { errorResult, resultOf } from './reply.js'
export { checkRequest, findCommand, readCommandLine, writeCommandLine, type TypedCommand } from './request.js'
export { parseResultLine, writeResultLine, type ResultLine } from './result-line.js'
export { didYouMean, nearest } from './suggest.js'
export { commandNames, commands, definitionOf, type CommandName, type ReplyOf, type RequestOf } from './table.js'
export { columnsOfList, isRecordList, titlesOf } from './titles.js'
export { visible } from './words.js'
