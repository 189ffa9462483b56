export { htmlPage } from './page.js'
