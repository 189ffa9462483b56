/** The broker inside this process, for the demo and the fast tests. */
export { startEmbeddedBroker } from './embedded-broker.js'
export type { Broker, BrokerOptions, EmbeddedBroker } from './embedded-broker.js'
