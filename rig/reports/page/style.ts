/** The page's looks: light and dark, wide and narrow, screen and paper. Colours only repeat what a word or sign says. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --sheet: #f5f6f8; --line: #d5d9e0; --ink: #1b2330; --soft: #566072; --link: #1550a8;
  --observed: #1668c7; --bar: #6ea3dc; --model: #5b6472; --band: #d6dfea;
  --pass: #13703a; --fail: #b3201c; --open: #8a5a00; --trouble: #6b3fa0;
  --pass-sheet: #e4f4ea; --fail-sheet: #fce8e7; --open-sheet: #fdf1d8; --trouble-sheet: #f0e9f9;
  --plot-background: var(--paper);
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181f; --sheet: #1d232d; --line: #39424f; --ink: #e7ebf1; --soft: #a3adbb; --link: #8fbcff;
    --observed: #6fb1ff; --bar: #41709f; --model: #aab4c2; --band: #2b3542;
    --pass: #63cf90; --fail: #ff8a84; --open: #f0bd58; --trouble: #c3a2f2;
    --pass-sheet: #15301f; --fail-sheet: #3b1b1b; --open-sheet: #362a11; --trouble-sheet: #2a2040;
  }
}
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: break-word }
main, header > div { max-width: 1120px; margin: 0 auto; padding: 0 20px }
header { border-bottom: 1px solid var(--line); background: var(--sheet); padding: 24px 0 }
h1 { font-size: 1rem; font-weight: 600; color: var(--soft); margin: 0 0 12px }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 4px; display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: center }
h3 { font-size: 1.1rem; margin: 0 0 8px }
h4 { font-size: .95rem; margin: 0 0 6px }
a { color: var(--link) }
code { font: .86em/1.5 ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere }
.outcome { border: 1px solid; border-left-width: 8px; border-radius: 6px; padding: 14px 18px; font-size: 1.5rem; line-height: 1.3; font-weight: 650; margin: 0 0 18px }
.outcome p { margin: 4px 0 0; font-size: 1rem; font-weight: 400; color: var(--ink) }
.is-pass { color: var(--pass); --own-sheet: var(--pass-sheet) }
.is-fail { color: var(--fail); --own-sheet: var(--fail-sheet) }
.is-inconclusive { color: var(--open); --own-sheet: var(--open-sheet) }
.is-infrastructure { color: var(--trouble); --own-sheet: var(--trouble-sheet) }
.is-observed { color: var(--observed) }
.outcome, .chip { background: var(--own-sheet) }
.chip { display: inline-block; border: 1px solid; border-radius: 99px; padding: 1px 10px; font-size: .82rem; font-weight: 650; white-space: nowrap }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 10px 20px; margin: 0; font-size: .94rem }
.facts dt { color: var(--soft); font-size: .82rem } .facts dd { margin: 0 }
.facts .whole { grid-column: 1 / -1 }
section { border-top: 1px solid var(--line); padding: 28px 0 20px } section:first-child { border-top: 0 }
section > .facts { margin: 12px 0 20px; font-size: .92rem }
.promise { margin: 0; font-size: 1.05rem; color: var(--soft); max-width: 46em }
.trouble { border: 1px solid; border-radius: 6px; padding: 10px 14px; background: var(--own-sheet); margin: 12px 0 } .trouble p { margin: 4px 0 0; color: var(--ink) }
table { border-collapse: collapse; width: 100%; font-size: .9rem; line-height: 1.4 }
caption { text-align: left; font-weight: 650; font-size: 1.02rem; padding: 0 0 8px }
table + table { margin-top: 24px }
th { text-align: left; font-size: .8rem; color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); padding: 4px 14px 4px 0; white-space: nowrap }
td { vertical-align: top; border-bottom: 1px solid var(--line); padding: 9px 14px 9px 0 } td:last-child, th:last-child { padding-right: 0 }
td p { margin: 2px 0 0; color: var(--soft); font-size: .86rem }
td .bound { margin: 0 0 4px }
.numbers { margin: 0; font-variant-numeric: tabular-nums; font-size: .84rem; min-width: 11em }
.numbers div { display: flex; justify-content: space-between; gap: 12px } .numbers dt { color: var(--soft) } .numbers dd { margin: 0; white-space: nowrap }
.command span { display: inline-block; max-width: 100% } td .command { display: inline-block; min-width: 14em }
figure { margin: 24px 0 0; min-width: 0 }
figcaption { font-size: .85rem; color: var(--soft); margin-top: 4px; max-width: 62em }
svg { display: block; max-width: 100%; height: auto; overflow: visible } svg text { white-space: pre }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 30px }
.narrow { display: none }
.whole-word { white-space: nowrap }
.key { display: inline-block; width: 1.7em; height: 0; vertical-align: middle; border-top: 3px solid }
.line-observed { border-color: var(--observed) } .line-model { border-top: 2px dashed var(--model) }
.line-due { width: 0; height: 1em; border: 0; border-left: 3px solid var(--ink); margin: 0 4px }
.band, .bar { height: .9em; border: 1px solid var(--line); background: var(--band) } .bar { background: var(--bar) }
details { margin-top: 16px; border: 1px solid var(--line); border-radius: 6px; padding: 8px 14px }
summary { cursor: pointer; font-weight: 600 } details > p { font-size: .86rem; color: var(--soft) }
.scroll { overflow: auto; max-height: 26rem; margin-top: 8px } .scroll td, .scroll th { white-space: nowrap } .scroll thead th { position: sticky; top: 0; background: var(--paper) }
.scroll table { width: max-content; min-width: 100% } .scroll td:last-child { white-space: normal; max-width: 34em; min-width: 20em }
footer { color: var(--soft); font-size: .82rem; border-top: 1px solid var(--line); padding: 16px 0 40px }
@media (max-width: 760px) {
  main, header > div { padding: 0 16px }
  .outcome { font-size: 1.2rem }
  .facts { grid-template-columns: 1fr 1fr }
  .pair { grid-template-columns: 1fr } .wide { display: none } .narrow { display: block }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  .cards, .cards tbody, .cards tr, .cards td, .cards caption { display: block }
  .cards tr { border: 1px solid var(--line); border-radius: 6px; padding: 10px 14px; margin-bottom: 12px }
  .cards td { border: 0; padding: 4px 0 } .cards td[data-head]:not([data-head=Outcome], [data-head=Promise])::before { content: attr(data-head); display: block; color: var(--soft); font-size: .78rem; font-weight: 600 }
}
@media print { details:not([open]) > * { display: none } .wide { display: block } .narrow { display: none } }
`
