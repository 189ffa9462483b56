import * as z from 'zod'
import { PlatenError } from '../../protocol/errors.js'
import { checkScript, faultKinds, type FaultName, type FaultScript, type PreparedScript } from '../scep-server/index.js'
import { wholeNumber, type Draw } from '../verdicts/index.js'
import { boardFault, boardFaultNames, drawBoardFault, type BoardFault } from './board-faults.js'

export type ScriptedFault = Exclude<FaultScript['faults'][number], string>

/** What goes wrong at the server, and what at the board itself. */
export interface Schedule extends FaultScript {
  readonly board?: readonly BoardFault[]
}

/** At most so many faults act together, at the server and at the board. */
const most = 6
const mostAtBoard = 3

/** Options of the kinds that need some, or that are too slow or too large as they are. */
const options: { readonly [Name in FaultName]?: (draw: Draw) => object } = {
  'http-status': (draw) => ({ status: pick(draw, [400, 403, 404, 500, 502, 503]) }),
  'delay': (draw) => ({ seconds: pick(draw, [0.1, 5, 60]) }),
  'slow-body': (draw) => ({ seconds: pick(draw, [0.5, 60]), pieces: 5 }),
  'pending': (draw) => ({ times: wholeNumber(draw, 1, 4) }),
  'fail': (draw) => ({ info: pick(draw, ['badAlg', 'badMessageCheck', 'badRequest', 'badTime', 'badCertId']) }),
  'ca-rollover': (draw) => ({ issuer: pick(draw, ['current', 'next']) }),
}

/** A schedule of faults in which nothing is left open but the seed. */
export function drawSchedule(draw: Draw): Schedule {
  const names = Object.keys(faultKinds) as readonly FaultName[]
  return {
    seed: wholeNumber(draw, 0, 2 ** 31),
    faults: Array.from({ length: wholeNumber(draw, 1, most) }, () => drawFault(pick(draw, names), draw)),
    board: Array.from({ length: wholeNumber(draw, 0, mostAtBoard) }, () => drawBoardFault(pick(draw, boardFaultNames), draw)),
  }
}

/** A schedule as it is played. @throws config-invalid */
export function checkSchedule({ board = [], ...script }: Schedule): { readonly script: PreparedScript; readonly board: readonly BoardFault[] } {
  const checked = z.array(boardFault).safeParse(board)
  if (checked.success) return { script: checkScript(script), board: checked.data }
  const [issue] = checked.error.issues
  throw new PlatenError('config-invalid', `schedule: board.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`, { fix: `The faults of a board are ${boardFaultNames.join(', ')}.` })
}

/** One fault of that kind, with limits. */
export function drawFault(fault: FaultName, draw: Draw): ScriptedFault {
  const limits = pick<object>(draw, [{}, { first: wholeNumber(draw, 1, 3) }, { every: wholeNumber(draw, 2, 3) }, { after: wholeNumber(draw, 1, 4) }, { chance: wholeNumber(draw, 1, 9) / 10 }])
  return { fault, ...options[fault]?.(draw), ...limits }
}

export function pick<Item>(draw: Draw, items: readonly Item[]): Item {
  return items[wholeNumber(draw, 0, items.length - 1)] as Item
}
