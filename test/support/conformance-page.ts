import { readFileSync } from 'node:fs'

/** The rows of a client's table in rig/conformance/README.md. @param client the first words of its heading */
export function publishedRows(client: string): readonly string[] {
  const sections = readFileSync('rig/conformance/README.md', 'utf8').split(/^## /mu)
  const own = sections.find((section) => section.startsWith(client)) ?? ''
  return own.split('\n').filter((line) => line.startsWith('| C-'))
}
