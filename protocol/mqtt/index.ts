/** The machine's side of MQTT 5: topic tree, payloads, commands as messages, and who may do what on the broker. */
export { mayPublish, mayReceive, maySubscribe, mosquittoAcl, type BrokerIdentity } from './access.js'
export { correlationLimit, expiryLimitSeconds, readCommandMessage, refuseSecrets, replyAddress, type CommandMessage, type MqttMessage, type ReplyAddress } from './command-message.js'
export { identityOf, isTopicName } from './names.js'
export {
  certPayload, eventPayload, infoPayload, jsonOf, readPayload, replyPayload, statePayload, writePayload,
  type CertPayload, type EventPayload, type InfoPayload, type ReplyPayload, type StatePayload,
} from './payloads.js'
export { commandOfVerb, responseTopic, topicMatches, topicsOf, verbOf, type DevicePlace, type DeviceTopics } from './topics.js'
