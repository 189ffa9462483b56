export { html, trusted, type Markup } from './markup.js'
export { htmlPage } from './page.js'
export { style } from './style.js'
