import { useTest } from '../support/use-scenarios.js'

useTest('tls-renewal-under-load')
for (const name of ['tls-issue', 'tls-issue-scepserver', 'tls-wrong-ca', 'tls-expired', 'tls-power-cut']) useTest(name, undefined, 'beside')
