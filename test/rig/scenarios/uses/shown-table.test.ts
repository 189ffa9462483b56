import test from 'ava'
import { wholeCells } from '../../../../rig/scenarios/uses/shown-table.js'

test('a cell that the console broke over several lines is one text again, and other lines stay', (t) => {
  const lines = [
    '',
    'Use          State    Detail         Reason',
    '-----------  -------  -------------  -----------',
    'tls          serving  Served by the  nginx: a',
    '                      board, nginx.  TLS client',
    '                                     saw another',
    'ieee-802-1x  off      Switched off.',
    '',
    'HTTPS port:  443',
    '= ok uses=2',
  ]
  t.deepEqual(wholeCells(lines), [
    '', 'Use          State    Detail         Reason',
    'tls', 'serving', 'Served by the board, nginx.', 'nginx: a TLS client saw another',
    'ieee-802-1x', 'off', 'Switched off.',
    '', 'HTTPS port:  443', '= ok uses=2',
  ])
})
