/** Other programs of this machine that serve TLS with the board's key: how the config declares them, and how they join the board's own listener. */
import { posix } from 'node:path'
import { z } from 'zod'
import { asPlatenError } from '../protocol/errors.js'
import { seconds } from '../protocol/time.js'
import type { KeyStore } from './key-store/index.js'
import { removeOtherPairs, TlsConsumers, TlsDaemon, type TlsDaemonDeclaration, type TlsUse } from './key-use/index.js'
import type { LogBook, Platform } from './platform/index.js'

const path = z.string('must be a path').regex(/^\/[A-Za-z0-9._/-]*[A-Za-z0-9._-]$/, 'must be an absolute path of letters, digits, dots, dashes and underscores')
const modes = 'must be "0400", "0440", "0600" or "0640", in quotes: nobody else may read a key'
const reach = 'must be an address and a port, like "127.0.0.1:631", "[::1]:631" or "printer.example.com:631"'
const argument = z.string('must be a text; put numbers in quotes').min(1, 'must not be empty').max(1024, 'must have at most 1024 characters')

const tlsDaemon = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits and dashes'),
  keyFile: path,
  certificateFile: path,
  owner: z.string().regex(/^(?:[a-z_][a-z0-9_-]{0,31}|(?=:))(?::[a-z_][a-z0-9_-]{0,31})?$/, 'must be "user", "user:group" or ":group"').optional(),
  mode: z.string(modes).regex(/^0[46][04]0$/, modes).default('0600'),
  // A program and its arguments: no shell reads them.
  reload: z.array(argument, 'must be a list: the program and its arguments').min(1, 'must name a program').max(32, 'must have at most 32 words').optional(),
  // A swap that fails ends within 60 s: reload and probe for the new key, and both again for the old one.
  reloadTimeoutSeconds: z.int().min(1).max(8).default(8),
  probe: z.string(reach).regex(/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, reach).refine((text) => portOf(text) >= 1 && portOf(text) <= 65_535, reach),
  // Asked for by SNI, where one address serves several names.
  serverName: z.string().regex(/^[A-Za-z0-9.-]{1,253}$/, 'must be a host name').optional(),
  probeTimeoutSeconds: z.int().min(1).max(15).default(10),
})

export type TlsDaemonConfig = z.infer<typeof tlsDaemon>

/** The section `tlsDaemons` of a board's config. */
export const tlsDaemonsSection = z.array(tlsDaemon, 'must be a list of daemons').max(8, 'must have at most 8 daemons').superRefine((daemons, context) => {
  const taken = new Set<string>()
  daemons.forEach(({ name, keyFile, certificateFile }, index) => {
    for (const [setting, value] of [['name', name], ['keyFile', keyFile], ['certificateFile', certificateFile]] as const) {
      if (taken.has(value)) context.addIssue({ code: 'custom', path: [index, setting], message: `must be a ${setting === 'name' ? 'name' : 'path'} that is used once` })
      taken.add(value)
    }
  })
})

/** What serves the key of the use TLS: the listener, and the daemons that the config declares. */
export async function openTlsConsumers({ platform, daemons, runtime, listener, store, log }: {
  readonly platform: Platform
  /** Undefined: the config has no such section, and what lies in `runtime` may be another board's. */
  readonly daemons: readonly TlsDaemonConfig[] | undefined
  readonly runtime: string
  readonly listener: TlsUse
  readonly store: Pick<KeyStore, 'privateKey'>
  readonly log: LogBook
}): Promise<TlsConsumers> {
  const { processes, runtimeFiles, disk, network, clock } = platform
  const directory = posix.join(runtime, 'tls')
  if (daemons !== undefined) await removeOtherPairs(disk, directory, daemons.map(({ name }) => name)).catch((error: unknown) => {
    log.error('what was written for a daemon that the config no longer has is still there', { reason: asPlatenError(error).message })
  })
  if (daemons === undefined || processes === undefined || runtimeFiles === undefined) return new TlsConsumers({ listener, daemons: [], clock, log })
  const declared = daemons.map((daemon) => new TlsDaemon({ declaration: declarationOf(daemon), store, network, disk, files: runtimeFiles, processes, clock, directory }))
  return new TlsConsumers({ listener, daemons: declared, clock, log })
}

function declarationOf({ name, keyFile, certificateFile, owner, mode, reload, reloadTimeoutSeconds, probe, serverName, probeTimeoutSeconds }: TlsDaemonConfig): TlsDaemonDeclaration {
  const host = probe.slice(0, probe.lastIndexOf(':')).replace(/^\[|\]$/gu, '')
  return {
    name, keyFile, certificateFile,
    ...(owner === undefined ? {} : { owner }),
    mode: Number.parseInt(mode, 8),
    ...(reload === undefined ? {} : { reload }),
    reloadTimeout: seconds(reloadTimeoutSeconds),
    probe: { host, port: portOf(probe), ...(serverName === undefined ? {} : { serverName }) },
    probeTimeout: seconds(probeTimeoutSeconds),
  }
}

function portOf(probe: string): number {
  return Number(probe.slice(probe.lastIndexOf(':') + 1))
}
