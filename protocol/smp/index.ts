/**
 * SMP (the Simple Management Protocol of mcumgr) on a console line that people share: frames, messages, a client and a
 * server with their I/O injected, the group that every device has, and ours.
 */
export { BoardClient, type BoardClientOptions, type CommandOptions } from './board-client.js'
export {
  boardCommand, boardEvent, boardGroup, commandRequest, eventLevels, eventLine, signInRequest, subscribeRequest, type BoardEvent, type BoardReply,
} from './board-group.js'
export { SmpClient, type SmpClientOptions, type SmpRequest } from './client.js'
export { crc16 } from './crc16.js'
export { frameLimit, packetLimit, writeFrames } from './frame.js'
export { LineReader, type Piece } from './line-reader.js'
export { answers, headerLength, isRequest, readMessage, replyHeader, writeMessage, type Message, type MessageHeader, type Operation } from './message.js'
export { answerOsGroup, osCommand, osGroup, type OsGroupOptions } from './os-group.js'
export { depthLimit, readPayload, writePayload, type Fields, type Payload, type Value, type Writable } from './payload.js'
export { readRefusal, Refusal, refusalCodes, refusalPayload, type RefusalCode } from './refusal.js'
export { seal, unseal } from './sealed.js'
export { parallelLimit, SmpServer, type SmpServerOptions } from './server.js'
export { LineJoiner, LineSplitter, type LineSplitterOptions } from './splitter.js'
