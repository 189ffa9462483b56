import { days, minutes } from '../../../protocol/time.js'
import { fact } from '../findings.js'
import type { Scenario } from '../scenario.js'
import { setTimer } from '../timer.js'

const generations = 10

/** device.md section 4, Delete Old Key and Certificate; section 6, the transient slot. */
export const deleteOld: Scenario = {
  name: 'delete-old',
  promise: 'the old key of the same use goes when the new one serves; a full store renews all the same, and the default key stays',
  clocks: ['virtual'],
  boards: 1,
  async run(bench) {
    // The default key, one other, and one that is renewed: full from the first certificate on.
    const board = await bench.station('board 1', { maxKeys: 3 })
    await board.does('request key-name=other cn=printer.example.com')
    board.forget()
    const start = bench.soon()
    await setTimer(board, { start, everyDays: 1, deleteOld: true, use: 'tls' })
    await bench.step('Let it renew in a full store', { generations }, async () => {
      await bench.passUntil(start)
      await bench.pass(days(generations - 1))
      await bench.pass(minutes(5))
    })
    const issued = board.contacts().filter(({ status }) => status === 'SUCCESS')
    const { keys = '' } = await board.does('keys list')
    const { 'tls-key': serving = '' } = await board.does('status')
    const other = (await board.says('keys show other')).ok
    const defaultKey = (await board.types('keys list')).lines.some((line) => line.startsWith('Default Key'))
    return {
      verdicts: [
        fact('a full store renews', 'each period brings a certificate though the store is full', issued.length === generations, `${issued.length} of ${generations} were issued`, { issued: issued.length }),
        fact('the old key goes', 'one key of the use is left, and it serves', keys === '3' && serving !== '' && serving !== 'Default Key' && serving !== 'other', `${keys} keys are kept, "${serving}" serves`, { keys: Number(keys) }),
        fact('other keys stay', 'the default key and a key without the use are untouched', other && defaultKey, `the other key ${other ? 'is there' : 'is gone'}, the default key ${defaultKey ? 'is there' : 'is gone'}`),
      ],
    }
  },
}
