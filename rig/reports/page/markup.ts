/** A piece of HTML that is safe to put into a page. */
export interface Markup {
  readonly markup: string
}

type Piece = Markup | string | number | undefined | readonly Markup[]

/** Builds HTML; every value that is not itself `Markup` is text and is escaped. */
export function html(parts: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  return { markup: parts.map((part, at) => (at === 0 ? '' : render(values[at - 1])) + part).join('') }
}

/** Takes text that is HTML already. */
export function trusted(markup: string): Markup {
  return { markup }
}

/** Keeps a number with its unit or its name on one line. Not for text that is copied, such as commands. */
export function prose(text: string): string {
  return text.replace(/(\d) (ms|s|min|h|d|%)(?![\w-])/g, '$1\u00A0$2').replace(/ ([=<>]) /g, '\u00A0$1\u00A0').replace(/(\d[e×])-(\d)/g, '$1\u2011$2')
}

export const nothing: Markup = { markup: '' }

function render(piece: Piece): string {
  if (piece === undefined) return ''
  if (typeof piece === 'string' || typeof piece === 'number') return escape(String(piece))
  return 'markup' in piece ? piece.markup : piece.map(({ markup }) => markup).join('')
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
