/** The board itself, the log and the session. */
import { findCommand, helpFor, helpOverview, isoDate } from '../../protocol/commands/index.js'
import { readCertificate } from '../../protocol/scep/index.js'
import { formatLogLine } from '../platform/index.js'
import type { Handlers } from './context.js'
import { given } from './given.js'
import type { Services } from './services.js'

export const deviceHandlers: Handlers<'status' | 'restart' | 'log' | 'whoami' | 'password' | 'logout' | 'help'> = {
  status: (_, services) => {
    const { board, clock, settings, store, limits, issuance, automatic } = services
    const { nextAt } = automatic.view()
    const communication = settings.get()
    const newest = issuance.history()[0]
    return {
      product: board.product,
      version: board.version,
      'boot-id': board.bootId,
      'restart-reason': board.restartReason,
      uptime: Math.floor((clock.monotonic() - board.startedAt) / 1000),
      time: isoDate(clock.state() === 'unset' ? undefined : clock.wall()),
      clock: clock.state(),
      ...given({ url: communication.url }),
      'ca-pinned': communication.caFingerprint !== undefined,
      keys: store.entries().length,
      'key-limit': limits.maxKeys,
      ...tlsFacts(services),
      ...given({ 'request-status': newest?.status, 'request-details': newest?.details }),
      ...given({ 'next-request': nextAt === undefined ? undefined : isoDate(nextAt) }),
      problems: problems(services),
    }
  },

  restart: async ({ reason }, { restart }) => {
    await restart(reason)
    return { reason }
  },

  log: ({ lines }, { log }) => ({ lines: log.recent(lines).map(formatLogLine) }),

  whoami: (_, __, { actor, front }) => ({ account: actor.account, privilege: actor.privilege, front }),

  password: async (request, { access }, { actor }) => {
    await access.change(request.current, request.new)
    return { account: actor.account }
  },

  logout: () => ({}),

  help: ({ verb }) => ({ lines: [...(verb === undefined ? helpOverview() : helpFor(findCommand(verb.trim().split(/\s+/))))] }),
}

function tlsFacts({ board, store }: Services) {
  const key = store.keyFor('tls')
  const [leaf] = key?.chain ?? []
  return given({ 'tls-key': key?.name, 'tls-expires': leaf === undefined ? undefined : isoDate(readCertificate(leaf).notAfter), 'https-port': board.httpsPort() })
}

function problems({ board, access, settings, automaticSettings, ieee8021x, ipsecPolicies, store, useKey, issuance }: Services): string[] {
  const found = [...access.problems(), ...settings.problems(), ...automaticSettings.problems(), ...ieee8021x.problems(), ...ipsecPolicies.problems(), ...store.problems(), ...issuance.problems()].map(({ message }) => message)
  return [...board.problems, ...found, ...useKey.problems()]
}
