import { useTest } from '../support/use-scenarios.js'

for (const name of ['issue-scepserver', 'renewal', 'wrong-ca', 'power-cut', 'daemon-in-service']) useTest(`ieee-802-1x-${name}`, undefined, 'beside')
