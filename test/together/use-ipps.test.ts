import { useTest } from '../support/use-scenarios.js'

for (const name of ['ipps-issue', 'ipps-issue-scepserver', 'ipps-renewal-under-load', 'ipps-daemon-dead', 'ipps-daemon-refuses', 'ipps-reload-hangs', 'ipps-serves-old', 'ipps-power-cut']) useTest(name)
