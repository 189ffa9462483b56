export { demoCommand } from './demo.js'
