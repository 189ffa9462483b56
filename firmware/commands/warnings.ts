import { adviceOf, type Caveat } from '../../protocol/key-use.js'

/** What a reply says of the caveats of a key: their codes for machines, their texts for people; nothing when there are none. */
export function warningsOf(caveats: readonly Caveat[]): { readonly warnings?: string[]; readonly advice?: string } {
  return caveats.length === 0 ? {} : { warnings: caveats.map(({ code }) => code), advice: adviceOf(caveats) }
}
