import { Command } from 'commander'
import { scenarios } from '../scenarios/index.js'

export function listCommand(write: (line: string) => void): Command {
  return new Command('list')
    .description('name the scenarios, what each of them promises, and the clocks it runs on')
    .action(() => {
      for (const { name, promise, clocks, boards, parts = [], needs = [] } of scenarios) {
        write(name)
        write(`    ${promise}`)
        const wants = [...parts.length === 0 ? [] : [`needs ${parts.join(', ')}`], ...needs.length === 0 ? [] : [`a bench has to allow ${needs.join(', ')}`]]
        write(`    ${[`clocks: ${clocks.join(', ')}`, `boards: ${boards}`, ...wants].join('; ')}`)
      }
    })
}
