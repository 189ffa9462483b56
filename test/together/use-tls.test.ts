import { useTest } from '../support/use-scenarios.js'

for (const name of ['tls-issue', 'tls-issue-scepserver', 'tls-wrong-ca', 'tls-expired']) useTest(name)
