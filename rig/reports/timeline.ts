import type { StepListener } from '../steps/index.js'

/**
 * Tells a person what happens as it happens: a line when a step starts, one for each thing it shows, one at its end.
 * @param write takes whole lines
 */
export function timeline(write: (line: string) => void): StepListener {
  return (step, event) => {
    switch (event) {
      case 'started':
        write(`${stamp(step.startedAt)}  ▸ ${step.name}${facts(step.facts)}`)
        break
      case 'noted':
        write(`${' '.repeat(stampWidth)}    ${step.notes.at(-1) ?? ''}`)
        break
      case 'ended':
        write(step.error === undefined
          ? `${' '.repeat(stampWidth)}  ✔ ${(step.took / 1000).toFixed(2)} s`
          : `${' '.repeat(stampWidth)}  ✘ ${step.error.message} [${step.error.code}]`)
    }
  }
}

const stampWidth = 9

function stamp(elapsed: number): string {
  return `${(elapsed / 1000).toFixed(2)} s`.padStart(stampWidth)
}

function facts(values: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name} ${value}`)
  return pairs.length === 0 ? '' : `  (${pairs.join(', ')})`
}
