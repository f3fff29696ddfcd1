// How does the page of a running process look: on a screen, at night, on a telephone and on paper?
import { REPORT_STYLE } from '../../evidence/report/style.ts';

/** That of reports, and what a page has beyond them. */
export const PAGE_STYLE = `${REPORT_STYLE}
:root { color-scheme: light dark; --paper: #fff; --grid: #dfe3e8; --mark: #26527a; --focus: #b36b00; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #a9b2bb; --line: #3f474f; --tint: #14171a; --red: #ff9b9b; --red-tint: #3a1719;
    --amber: #f0c26a; --amber-tint: #33270e; --plain: #8fbce6; --plain-tint: #152534; --paper: #1d2125; --grid: #343b42;
    --mark: #8fbce6; --focus: #f0a500; }
  a { color: #9cc7f0; }
}
section { background: var(--paper); }
header p { margin: 0.2rem 0; overflow-wrap: anywhere; }
h1 { overflow-wrap: anywhere; }
#live { font-weight: 600; }
.stale #live { color: var(--red); background: var(--red-tint); border: 2px solid var(--red); border-radius: 0.4rem;
  padding: 0.4rem 0.7rem; position: sticky; top: 0; z-index: 1; }
.stale [data-part] { opacity: 0.72; }
.scroll { max-height: 34rem; overflow: auto; }
.scroll:focus-visible, a:focus-visible { outline-color: var(--focus); }
.scroll thead th { position: sticky; top: 0; background: var(--paper); }
td.time { min-width: 11rem; font-variant-numeric: tabular-nums; }
td.time[data-age]::after { content: attr(data-age); display: block; color: var(--soft); font-size: 0.82rem; }
footer a { margin-right: 0.8rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 0.6rem 1.4rem; }
.plot { margin: 0; min-width: 0; }
.plot figcaption { font-weight: 600; }
.plot svg { display: block; width: 100%; height: auto; }
.plot p { font-size: 0.85rem; }
.plot text { font: 12px system-ui, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--soft); }
.plot .level { text-anchor: end; }
.plot .hour { text-anchor: middle; }
.plot .grid, .plot .tick { stroke: var(--grid); fill: none; }
.plot polyline.line { stroke: var(--mark); stroke-width: 2; fill: none; stroke-linejoin: round; }
.plot circle.line { fill: var(--mark); }
.plot .before { fill: var(--tint); }
@media (max-width: 40rem) {
  section, .verdict { padding: 0.7rem 0.7rem; }
  .plot text { font-size: 19px; }
  table { font-size: 0.85rem; }
  .scroll table:has(th:nth-child(7)) { min-width: 66rem; }
}
@media print {
  :root { color-scheme: light; }
  .scroll { max-height: none; }
  .scroll thead th { position: static; }
  td.time { min-width: 0; }
  td.time[data-age]::after { content: none; }
  .plot { break-inside: avoid; }
  .plots { grid-template-columns: 1fr 1fr; }
  #live, footer { display: none; }
  .stale #live { display: block; position: static; }
  .stale [data-part] { opacity: 1; }
}
`;
