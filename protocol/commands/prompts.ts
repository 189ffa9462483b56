/** What the console says when it waits for a person; a driver of the line waits for exactly these texts. */

export const PROMPT = 'platen> '
export const LOGIN_PROMPT = 'login: '
export const PASSWORD_PROMPT = 'Password: '
export const NEW_PASSWORD_PROMPT = 'New password: '
export const NEW_PASSWORD_AGAIN_PROMPT = 'New password again: '
export const CURRENT_PASSWORD_PROMPT = 'Current password: '
export const CHALLENGE_PROMPT = 'Challenge Password (empty for none): '

/** Every text that the console can wait behind, longest first. */
export const PROMPTS = [
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

/** Longest line that the console takes, bytes. */
export const LINE_LIMIT = 1024
