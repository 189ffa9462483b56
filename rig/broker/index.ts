/** The broker inside this process, for the demo and the fast tests; and the files of a mosquitto. */
export { openBrokerHome, type BrokerHome } from './broker-home.js'
export { startEmbeddedBroker } from './embedded-broker.js'
export type { Broker, BrokerOptions, EmbeddedBroker } from './embedded-broker.js'
export { mosquittoFiles, type MosquittoOptions } from './mosquitto-files.js'
