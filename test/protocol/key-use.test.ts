import test from 'ava'
import { PlatenError } from '../../protocol/errors.js'
import { displayKeyUse, parseKeyUse } from '../../protocol/key-use.js'

test('device.md 7: each use is read as people write it and shown as administrators know it', (t) => {
  t.is(displayKeyUse(parseKeyUse(' TLS ')), 'TLS')
  t.is(displayKeyUse(parseKeyUse('802.1X')), 'IEEE 802.1X')
  t.is(parseKeyUse('IEEE 802.1X'), 'ieee-802-1x')
  t.is(parseKeyUse('IPSec:Branch-1'), 'ipsec:Branch-1')
  t.is(displayKeyUse('ipsec:Branch-1'), 'IPSec (Branch-1)')
})

test('what is no use is refused and names the field', (t) => {
  for (const text of ['', 'ssl', 'ipsec', 'ipsec:', 'ipsec:two words', `ipsec:${'x'.repeat(33)}`]) {
    const error = t.throws<PlatenError>(() => parseKeyUse(text), { instanceOf: PlatenError, code: 'invalid-value' })
    t.is(error.facts['field'], 'use')
  }
})
