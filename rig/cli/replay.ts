import { Command } from 'commander'
import { PlatenError } from '../../protocol/errors.js'
import type { RigPlatform } from '../platform/index.js'
import { program } from './run.js'

/** @param again runs a command line of the rig, given as its words */
export function replayCommand({ files }: RigPlatform, write: (line: string) => void, again: (words: readonly string[]) => Promise<void>): Command {
  return new Command('replay')
    .description('run again exactly what a report tells of')
    .argument('<what...>', 'a run.jsonl, one line of it, or the line that a report prints after "again:"')
    .action(async (what: readonly string[]) => {
      const given = what.join(' ')
      const bytes = what.length === 1 ? await files.read(given) : undefined
      const line = bytes === undefined ? given : firstLine(Buffer.from(bytes).toString('utf8'))
      const words = wordsOf(line.startsWith('{') ? replayOf(line) : line)
      write(`again: ${program} ${words.join(' ')}`)
      await again(words)
    })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** Each line of a run.jsonl that can be run again says how. */
function replayOf(line: string): string {
  const content = parsed(line)
  const replay = typeof content === 'object' && content !== null && 'replay' in content ? content.replay : undefined
  if (typeof replay !== 'string') throw new PlatenError('invalid-value', 'this line of a report does not say how to run it again', { fix: 'Give a line of the kind run, verdict or scenario.' })
  return replay
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new PlatenError('invalid-value', 'this is neither a report nor a line of one', { fix: 'Give a run.jsonl or a line of it.', cause })
  }
}

/** Only a run is run again: a report comes from elsewhere, and other commands do more than look. */
function wordsOf(line: string): readonly string[] {
  const words = line.replace(program, '').trim().match(/"(?:[^"\\]|\\.)*"|\S+/gu) ?? []
  if (words[0] !== 'run') throw new PlatenError('invalid-value', 'what is replayed must begin with "run"', { fix: `Give a line such as ${program} run --seed 12ab.` })
  return words.map((word) => (word.startsWith('"') ? String(parsed(word)) : word))
}
