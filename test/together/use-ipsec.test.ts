import { useTest } from '../support/use-scenarios.js'

for (const name of ['ipsec-issue-scepserver', 'ipsec-power-cut']) useTest(name)
