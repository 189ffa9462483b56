import { runCommandLine } from './cli/index.js'
import { linuxPlatform } from './platform/index.js'

process.exitCode = await runCommandLine(linuxPlatform(), process.argv.slice(2), {
  write: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
})
