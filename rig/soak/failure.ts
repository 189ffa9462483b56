/** What a board must not do, whatever its server, its line, its broker and its power do. */
export interface SoakFailure {
  readonly name: 'unknown-state' | 'lost-key' | 'stuck' | 'left-behind' | 'broken' | 'deaf'
  readonly message: string
}
