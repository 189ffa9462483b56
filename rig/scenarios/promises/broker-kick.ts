import { seconds } from '../../../protocol/time.js'
import { fact } from '../findings.js'
import { ownKey } from '../kept-board.js'
import type { Scenario } from '../scenario.js'

const kicks = 3

/** rig.md, "MQTT": reconnect with back-off, a bounded queue for what happens meanwhile. */
export const brokerKick: Scenario = {
  name: 'broker-kick',
  promise: 'a board whose connection to the broker is cut comes back by itself, and tells what happened meanwhile, each event once or more and with its own time',
  clocks: ['hardware'],
  boards: 1,
  needs: ['broker'],
  async run(bench) {
    const board = await bench.station('board 1')
    const kick = board.handle('kick')
    let [back, longest] = [0, 0]
    for (let number = 1; number <= kicks; number += 1) {
      const key = ownKey(`kick-${number}`)
      const took = await bench.step('Cut the connection to the broker, and let something happen', {}, async () => {
        const connections = countOf(board.events, 'connected to the broker')
        kick()
        const from = bench.time.monotonic()
        await board.says(`keys show ${key}`)
        // The log says at once, the broker when the board is back.
        await board.does(`request key-name=${key} cn=printer.example.com`)
        const told = await bench.until(() => countOf(board.events, 'connected to the broker') > connections, seconds(60))
        return told ? bench.time.monotonic() - from : undefined
      })
      if (took !== undefined) [back, longest] = [back + 1, Math.max(longest, took)]
    }
    const untold = (): number => board.log.filter(({ text }) => text.startsWith('request ')).filter((line) => !board.events.some(({ bootId, monotonic, text }) => bootId === line.bootId && monotonic === line.monotonic && text === line.text)).length
    await bench.until(() => untold() === 0, seconds(30))
    return {
      verdicts: [
        fact('the board comes back', 'after each cut the board is on the broker again within 60 s', back === kicks, `${back} of ${kicks} times, after ${Math.round(longest)} ms at most`, { back, 'longest, ms': Math.round(longest) }),
        fact('nothing is lost meanwhile', 'what a request did while the broker was away is told over MQTT too', untold() === 0, `${untold()} lines are missing`, { missing: untold() }),
      ],
    }
  },
}

function countOf(lines: readonly { readonly text: string }[], words: string): number {
  return lines.filter(({ text }) => text.includes(words)).length
}
