/** "Did you mean": the known names nearest to what was typed. */

/**
 * The known names at the smallest distance from `typed`, none when all are too far to be a slip of the finger.
 * Case does not count; a letter dropped, doubled, changed or swapped with its neighbour is one step.
 */
export function nearest(typed: string, known: readonly string[]): readonly string[] {
  const limit = typed.length <= 3 ? 1 : typed.length <= 6 ? 2 : 3
  const ranked = known.map((name) => ({ name, steps: distance(typed.slice(0, 64).toLowerCase(), name) })).filter(({ steps }) => steps <= limit)
  const best = Math.min(...ranked.map(({ steps }) => steps))
  return ranked.filter(({ steps }) => steps === best).map(({ name }) => name)
}

/** `Did you mean "a" or "b"?`, empty when there is nothing near. */
export function didYouMean(typed: string, known: readonly string[]): string {
  const names = nearest(typed, known)
  return names.length === 0 ? '' : `Did you mean ${names.map((name) => `"${name}"`).join(' or ')}?`
}

/** Optimal string alignment: Levenshtein's distance with a swap of neighbours as one step. */
export function distance(from: string, to: string): number {
  let before: readonly number[] = []
  let above: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1]
      let steps = Math.min(at(above, column) + 1, at(current, column - 1) + 1, at(above, column - 1) + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) steps = Math.min(steps, at(before, column - 2) + 1)
      current.push(steps)
    }
    before = above
    above = current
  }
  return at(above, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
