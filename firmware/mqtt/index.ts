/** The MQTT agent: state, events and commands over a broker. */
export { MqttAgent } from './agent.js'
export type { AgentWork, MqttAgentOptions, RequestNews } from './agent.js'
