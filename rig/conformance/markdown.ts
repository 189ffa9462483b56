import { outcomeSigns, verdictOf, type CheckResult, type ConformanceRecord } from './record.js'

/** The table for a README or an issue, and below it every check with the exchanges that prove it. */
export function markdown(record: ConformanceRecord): string {
  const { rules, subject, seed, replay, startedAt } = record
  return [
    `# SCEP conformance: ${outcomeSigns[verdictOf(record)].word}`,
    '',
    `Client: \`${subject}\`  `,
    `Date: ${new Date(startedAt).toISOString().slice(0, 10)}, seed \`${seed}\`  `,
    `Again: \`${replay}\``,
    '',
    '| Rule | Result | Statement | Checks |',
    '|---|---|---|---|',
    ...tableRows(record),
    '',
    ...rules.flatMap(({ rule, statement, checks }) => [`## ${rule}`, '', statement, '', ...checks.flatMap(details)]),
  ].join('\n')
}

/** A row for each rule; the same for every run that finds the same. */
export function tableRows({ rules }: ConformanceRecord): readonly string[] {
  return rules.map(({ rule, outcome, statement, checks }) => `| ${rule} | ${mark(outcome)} | ${cell(statement)} | ${checks.map((check) => `${outcomeSigns[check.outcome].sign} ${check.name}`).join('<br>')} |`)
}

function details({ name, outcome, expectation, reason, script, through, transcript }: CheckResult): readonly string[] {
  return [
    `**${mark(outcome)} ${name}**: ${expectation}`, '',
    `- found: ${reason.replaceAll('\n', ' ')}`, `- the server: ${script === 'none' ? 'behaves' : `\`${script}\``}`, `- through: ${through}`, '',
    ...(transcript.length === 0 ? [] : ['```', ...transcript, '```', '']),
  ]
}

const mark = (outcome: keyof typeof outcomeSigns): string => `${outcomeSigns[outcome].sign} ${outcomeSigns[outcome].word}`
const cell = (text: string): string => text.replaceAll('|', '\\|')
