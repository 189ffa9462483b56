export { remotePages } from './remote-pages.js'
export type { BoardFacts } from './remote-pages.js'
