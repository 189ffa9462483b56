export { timeline } from './timeline.js'
