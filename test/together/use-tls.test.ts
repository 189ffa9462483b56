import { useTest } from '../support/use-scenarios.js'

for (const name of ['tls-issue', 'tls-issue-scepserver', 'tls-renewal-under-load', 'tls-wrong-ca', 'tls-expired', 'tls-power-cut']) useTest(name)
