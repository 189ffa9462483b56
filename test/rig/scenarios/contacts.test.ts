import test from 'ava'
import type { ExchangeRecord } from '../../../rig/scep-server/index.js'
import { contactsOf } from '../../../rig/scenarios/contacts.js'

const exchange = (operation: string, at: number, more: Partial<ExchangeRecord> = {}): ExchangeRecord => ({
  sequence: 1, at: { firstByte: at, headers: at, body: at, sent: at + 5 }, peer: 'board', method: 'GET', operation, faults: [], requestBytes: 0, answerBytes: 0, httpStatus: 200, ...more,
})

test('a contact begins with GetCACaps, is stamped with its first byte, and ends with its last answer', (t) => {
  t.deepEqual(contactsOf([
    exchange('GetCACaps', 100), exchange('GetCACert', 110), exchange('PKIOperation', 120, { messageType: 'PKCSReq', transactionId: 'ab', status: 'PENDING' }),
    exchange('GetCACaps', 700, { httpStatus: 503 }), exchange('GetCACert', 710, { httpStatus: 503 }),
  ]), [
    { at: 100, answered: 125, httpStatus: 200, message: 'PKCSReq', transactionId: 'ab', status: 'PENDING' },
    { at: 700, answered: 715, httpStatus: 503 },
  ])
})
