import { useTest } from '../support/use-scenarios.js'

// `ipps-issue` is part of the renewal, with the same server and clients that verify.
for (const name of ['ipps-issue-scepserver', 'ipps-renewal-under-load', 'ipps-daemon-dead', 'ipps-daemon-refuses', 'ipps-reload-hangs', 'ipps-serves-old', 'ipps-power-cut']) useTest(name)
