// How does a report look, on a screen and on paper?

/**
 * Dark grey, one red and one amber, with 4.5:1 or more on their grounds (WCAG 2.2, 1.4.3). No green: nobody
 * is certified by it.
 */
export const REPORT_STYLE = `
:root { --ink: #1a1d21; --soft: #505861; --line: #c9cfd6; --tint: #f3f5f7; --red: #94171f; --red-tint: #fce9e9;
  --amber: #6e4600; --amber-tint: #fdf1d7; --plain: #26527a; --plain-tint: #e8f0f7; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--tint); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.2rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.2rem 0; }
h2 { font-size: 1.15rem; margin: 0 0 0.5rem; }
h3 { font-size: 1rem; margin: 0.9rem 0 0.3rem; }
p { margin: 0.35rem 0; max-width: 62rem; }
.soft { color: var(--soft); }
section, .verdict { background: #fff; border: 1px solid var(--line); border-radius: 0.4rem; padding: 0.9rem 1.1rem;
  margin: 1rem 0; }
.verdict { border-left: 0.5rem solid var(--plain); background: var(--plain-tint); }
.verdict.found { border-left-color: var(--red); background: var(--red-tint); }
.verdict.open { border-left-color: var(--amber); background: var(--amber-tint); }
.verdict .label { font-weight: 700; }
.verdict .sentence { font-size: 1.1rem; }
ul { margin: 0.4rem 0; padding-left: 1.2rem; max-width: 62rem; }
li { margin: 0.2rem 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.55rem; border-bottom: 1px solid var(--line);
  unicode-bidi: isolate; white-space: pre-line; overflow-wrap: break-word; }
th { color: var(--soft); font-weight: 600; border-bottom-width: 2px; }
td { max-width: 26rem; }
td:first-child { min-width: 5rem; }
.month td:first-child { min-width: 0; }
td.code { min-width: 14rem; }
th.to-fill { min-width: 9rem; }

.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.right { white-space: normal; }
.time { white-space: pre; }
.code, .hash { font: 0.82rem/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.tone-bad { color: var(--red); font-weight: 600; }
.tone-open { color: var(--amber); font-weight: 600; }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: 0.25rem 1rem; margin: 0.4rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate; white-space: pre-line; }
dd ul { white-space: normal; margin: 0; }
.months { display: flex; flex-wrap: wrap; gap: 1.2rem; }
.month { break-inside: avoid; }
.month table { width: auto; }
.month th, .month td { width: 2.6rem; height: 2.5rem; padding: 0.15rem 0.2rem; text-align: center; border: 1px solid var(--line);
  font-size: 0.82rem; line-height: 1.2; }
.month th { height: auto; border: 0; font-size: 0.75rem; }
.month caption { text-align: left; font-weight: 600; padding-bottom: 0.2rem; }
.month td.none { border-color: transparent; }
.month .mark { display: block; font-weight: 700; white-space: nowrap; }
.day-missed { background: var(--red-tint); color: var(--red); }
.day-part { background: var(--amber-tint); color: var(--amber); }
.day-looked { background: var(--plain-tint); }
.day-outside { color: var(--soft); }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; font-size: 0.9rem; }
.legend span { display: inline-block; min-width: 1.6rem; text-align: center; border: 1px solid var(--line); margin-right: 0.4rem;
  font-weight: 700; }
article { border-top: 1px solid var(--line); padding: 0.6rem 0; }
article h3 { margin-top: 0; overflow-wrap: anywhere; }
@media screen and (max-width: 40rem) {
  main { padding: 0.5rem; }
  /* What is out of sight must not make rows tall; a shadow says that there is more. */
  .scroll table:has(th:nth-child(5)) { min-width: 46rem; }
  .scroll { background: linear-gradient(to right, var(--paper, #fff) 40%, transparent) left / 2rem 100% no-repeat local,
      linear-gradient(to left, var(--paper, #fff) 40%, transparent) right / 2rem 100% no-repeat local,
      linear-gradient(to right, rgb(0 0 0 / 0.28), transparent) left / 0.6rem 100% no-repeat scroll,
      linear-gradient(to left, rgb(0 0 0 / 0.28), transparent) right / 0.6rem 100% no-repeat scroll; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.5rem; }
  .months { gap: 0.8rem; }
}
@page { size: A4; margin: 16mm 14mm 18mm;
  @bottom-right { content: "page " counter(page) " of " counter(pages); font: 8pt sans-serif; color: #505861; } }
@media print {
  body { background: #fff; font-size: 9.5pt; }
  main { max-width: none; padding: 0; }
  section { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: 0.5rem 0; margin: 0.5rem 0; }
  .verdict { break-inside: avoid; }
  .verdict, .month td { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  h2, h3 { break-after: avoid; }
  tr, li, dd { break-inside: avoid; }
  thead { display: table-header-group; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: 0.2rem 0.3rem; }
  td { overflow-wrap: anywhere; }
  th { overflow-wrap: normal; }
  td.code { min-width: 9rem; }
  th.to-fill { min-width: 26mm; }
  .code, .hash { font-size: 7pt; }
  .time { white-space: pre-line; min-width: 4.8rem; }
  .month th, .month td { width: 2.1rem; height: 2rem; font-size: 7.5pt; }
}
`;
