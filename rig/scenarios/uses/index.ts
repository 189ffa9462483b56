import type { Scenario } from '../scenario.js'
import { wiredScenarios } from './ieee-802-1x.js'
import { ippsScenarios } from './ipps.js'
import { ipsecScenarios } from './ipsec.js'
import { tlsScenarios } from './tls.js'

/** Every use of a key with real daemons and clients; each file has the scenarios of one use. */
export const useScenarios: readonly Scenario[] = [...tlsScenarios, ...wiredScenarios, ...ipsecScenarios, ...ippsScenarios]
