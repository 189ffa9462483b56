import { spell } from '../../verdicts/index.js'
import { fact } from '../findings.js'
import type { Findings } from '../scenario.js'
import type { UseSite } from './use-site.js'
import { requestFor, serialOf, served, servedWithin, type UseUnderTest } from './use-under-test.js'

/** A person asks for a certificate for a use that is switched on; whoever uses the board is served with it. */
export async function issues(site: UseSite, subject: UseUnderTest): Promise<Findings> {
  const { bench, board } = site
  const result = await bench.step('Ask for a certificate', { use: subject.use }, () => requestFor(subject, board, 'first'))
  if (!result.ok) return { verdicts: [fact('issued', 'the request is Successful', false, `the board answered: ${result.message} [${result.code}]`)] }
  const { status = '', enabled = '' } = result.values
  const serial = await serialOf(board, 'first')
  const took = await bench.step('Use the board', {}, () => servedWithin(site, subject, served(serial)))
  return {
    verdicts: [
      fact('issued', 'the request is Successful, and the certificate is put to its use', status === 'Successful' && enabled === 'true', `the status is "${status}", switched on: ${enabled}`),
      fact('serves', 'whoever uses the board is served with the new certificate', took !== undefined,
        took === undefined ? `nobody was served with the certificate ${serial} within 60 s` : `served with the certificate ${serial} after ${spell(Math.round(took))}`, took === undefined ? {} : { 'served after, ms': took }),
    ],
  }
}
