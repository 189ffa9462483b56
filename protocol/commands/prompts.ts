/** What the console says when it waits for a person; a driver of the line waits for exactly these texts. */

export const PROMPT = 'platen> '
export const LOGIN_PROMPT = 'login: '
export const PASSWORD_PROMPT = 'Password: '
export const NEW_PASSWORD_PROMPT = 'New password: '
export const NEW_PASSWORD_AGAIN_PROMPT = 'New password again: '
export const CURRENT_PASSWORD_PROMPT = 'Current password: '
export const CHALLENGE_PROMPT = 'Challenge Password (empty for none): '
export const KEY_FILE_PROMPT = 'Paste the file, PEM or base64, then a line with one dot (not shown): '
export const KEY_FILE_PASSWORD_PROMPT = 'Password of the file (empty for none): '
export const EXPORT_PASSWORD_PROMPT = 'Password for the file: '
export const EXPORT_PASSWORD_AGAIN_PROMPT = 'Password for the file again: '
export const CA_FILE_PROMPT = 'Paste PEM, or base64 and then a line with one dot (not shown): '

/** Every text that the console can wait behind, longest first. */
export const PROMPTS = [
  KEY_FILE_PROMPT,
  CA_FILE_PROMPT,
  KEY_FILE_PASSWORD_PROMPT,
  EXPORT_PASSWORD_AGAIN_PROMPT,
  EXPORT_PASSWORD_PROMPT,
  CHALLENGE_PROMPT,
  NEW_PASSWORD_AGAIN_PROMPT,
  CURRENT_PASSWORD_PROMPT,
  NEW_PASSWORD_PROMPT,
  PASSWORD_PROMPT,
  PROMPT,
  LOGIN_PROMPT,
] as const

/** Starts each line of progress while a command runs. */
export const PROGRESS_MARK = '… '

/** The one account of a board. */
export const ADMINISTRATOR = 'administrator'

/** Longest text that is pasted in answer to a prompt, characters: a key file of 32 KiB in base64, or as PEM. */
export const PASTE_LIMIT = 64 * 1024

/** Longest line that the console takes, bytes. */
export const LINE_LIMIT = 1024
