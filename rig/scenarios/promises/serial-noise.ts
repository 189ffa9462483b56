import { seeded, wholeNumber } from '../../verdicts/index.js'
import { fact } from '../findings.js'
import type { Scenario } from '../scenario.js'

const commands = 50
const rate = 0.001

/** Issue of machines on a line that is not whole: rig.md, "Serial line". */
export const serialNoise: Scenario = {
  name: 'serial-noise',
  promise: 'over a line that drops, doubles and flips bytes a machine gets the answer to its own request or none; on the whole line it is at home at once',
  clocks: ['hardware'],
  boards: 1,
  needs: ['serial'],
  async run(bench) {
    const board = await bench.station('board 1')
    const [machine, noise] = [board.handle('machine'), board.handle('noise')]
    const draw = seeded(`${bench.seed} noise`)
    let [right, wrong, silent] = [0, 0, 0]
    const harmed = await bench.step('Give commands by frames over a noisy line', { commands, 'faults per byte': rate }, async () => {
      noise.begin({ random: () => wholeNumber(draw, 0, 2 ** 30) / (2 ** 30 + 1), rate })
      for (let number = 1; number <= commands; number += 1) {
        // Each answer names what was asked for, so that one for another request shows.
        const verb = `nonsense-${number}`
        const answer = await machine().command(`help ${verb}`).catch(() => undefined)
        if (answer === undefined) silent += 1
        else if (!answer.result.ok && answer.result.code === 'unknown-verb' && answer.result.message.includes(`"${verb}"`)) right += 1
        else wrong += 1
      }
      const { dropped, doubled, flipped } = noise.end()
      return dropped + doubled + flipped
    })
    const after = await board.says('whoami')
    return {
      verdicts: [
        fact('no answer is for another request', 'each answer over the noisy line is the right one', wrong === 0, `${right} were right, ${wrong} wrong, ${silent} did not come; ${harmed} bytes were harmed`, { right, wrong, silent, harmed }),
        fact('most answers come', 'at least nine of ten commands are answered', right >= commands * 0.9, `${right} of ${commands} were`, { right }),
        fact('the line was noisy', 'the rig harmed at least one byte', harmed > 0, `${harmed} bytes were harmed`, { harmed }),
        fact('the whole line works at once', 'the first command after it is answered', after.ok, after.ok ? 'it was' : `the answer was ${after.code}`),
      ],
    }
  },
}
