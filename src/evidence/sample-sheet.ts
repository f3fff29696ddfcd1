// How does a sample look as a test sheet: a table for a spreadsheet, and a page that prints?
import { toBase64, utf8 } from '../base/bytes.ts';
import { countText } from '../base/counted.ts';
import type { Sha256 } from '../base/hash.ts';
import { csvRows } from './csv.ts';
import { Markup, markup } from './report/markup.ts';
import { REPORT_STYLE } from './report/style.ts';

/** One record that is to be tested. */
type SampledRecord = {
  /** Its place in the order of the draw, from 1. */
  readonly number: number;
  /** `topic/partition:offset` */
  readonly id: string;
  /** RFC 3339; null if it has none. */
  readonly time: string | null;
  /** Whose clock that is: of the `record`, of the `event` inside of it, or when it was `sealed`. */
  readonly clock: string | null;
  readonly archived: string;
  readonly segment: number;
  /** Leaf hash of its line, in hex. */
  readonly leaf: string;
  readonly rank: string;
};

export type SampleSheet = {
  readonly archive: string;
  readonly asked: string;
  readonly seed: { readonly text: string; readonly root: string; readonly from: string };
  readonly count: number;
  readonly population: number;
  readonly records: readonly SampledRecord[];
  readonly days: readonly {
    readonly chain: string;
    readonly partition: number;
    readonly day: string;
    readonly records: number;
    readonly clock: string | null;
  }[];
  /** What was looked at, what was not and left nothing out, and what is not ruled out. Sentences. */
  readonly conclusion: string;
  readonly facts: readonly string[];
  readonly notLookedAt: readonly string[];
  /** Signed states of chains. */
  readonly restsOn: readonly string[];
  readonly bounds: readonly string[];
  /** RFC 3339, by the clock of the machine. */
  readonly drawnAt: string;
  readonly program: string;
};

const COLUMNS = [
  'number',
  'id',
  'time_utc',
  'archived_utc',
  'segment',
  'leaf_sha256',
  'rank_sha256',
  'clock',
] as const;
/** The auditor fills these in. */
const TO_FILL_IN = ['result', 'tested_by', 'remark'] as const;

const cellsOf = (record: SampledRecord): string[] => [
  ...[String(record.number), record.id, record.time ?? '', record.archived],
  ...[String(record.segment), record.leaf, record.rank, record.clock ?? ''],
];

/** The columns of the result are empty. */
export const sampleCsv = ({ records }: SampleSheet): Uint8Array =>
  csvRows([
    [...COLUMNS, ...TO_FILL_IN],
    ...records.map((record) => [...cellsOf(record), ...TO_FILL_IN.map(() => '')]),
  ]);

export const populationCsv = ({ days }: SampleSheet): Uint8Array =>
  csvRows([
    ['chain', 'partition', 'day', 'records', 'clock'],
    ...days.map(({ chain, partition, day, records, clock }) => [
      ...[chain, String(partition), day, String(records), clock ?? ''],
    ]),
  ]);

/** One file without a script and without a network. */
export function samplePage(sheet: SampleSheet, sha256: Sha256): Uint8Array {
  const style = toBase64(sha256(utf8(REPORT_STYLE)));
  const { html } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sample of ${sheet.archive}</title>
<style>${new Markup(REPORT_STYLE)}</style>
</head>
<body>
<main>
${headOf(sheet)}
${recordsOf(sheet)}
${daysOf(sheet)}
${restsOn(sheet)}
</main>
</body>
</html>
`;
  return utf8(html);
}

const headOf = (sheet: SampleSheet): Markup => markup`<header>
<h1>Sample of ${countText(sheet.records.length)} of ${countText(sheet.population)} records</h1>
<p>${sheet.asked}</p>
<p class="soft">Archive ${sheet.archive} · drawn ${sheet.drawnAt} by the clock of that machine · ${sheet.program}</p>
</header>
<section>
<h2>How they were drawn</h2>
<dl>
<dt>Seed</dt><dd>${sheet.seed.text === '' ? 'none' : sheet.seed.text}</dd>
<dt>Root</dt><dd>${sheet.seed.root === '' ? 'none' : `${sheet.seed.root}, ${sheet.seed.from}`}</dd>
<dt>Rule</dt><dd>The rank of a record is the SHA-256 of five lines: ledgerstone/sample/1, the seed, the root, the chain’s origin and the offset. The ${String(sheet.count)} lowest ranks are drawn.</dd>
</dl>
</section>`;

const recordsOf = ({ records }: SampleSheet): Markup => markup`<section>
<h2>Test sheet</h2>
<p>Each record was read, and its segment is what was signed. Result, tester and remark are for the auditor.</p>
<div class="scroll" tabindex="0"><table>
<thead><tr>${['No.', 'Record', 'Time (UTC), by whose clock', 'Archived (UTC)', 'SHA-256 of the leaf'].map(headCell)}${['Result', 'Tested by, remark'].map(headToFill)}</tr></thead>
<tbody>${records.map(rowOf)}</tbody>
</table></div>
</section>`;

const headCell = (title: string): Markup => markup`<th scope="col">${title}</th>`;

/** Room to write in. */
const headToFill = (title: string): Markup => markup`<th scope="col" class="to-fill">${title}</th>`;

const rowOf = ({ number, id, time, clock, archived, leaf }: SampledRecord): Markup =>
  markup`<tr><td class="right">${number}</td><td>${id}</td><td class="time">${time === null ? '–' : `${time} (${clock})`}</td><td class="time">${archived}</td>
<td class="hash">${leaf}</td><td></td><td></td></tr>`;

const daysOf = ({ days, population }: SampleSheet): Markup => markup`<section>
<h2>Population</h2>
<p>${countText(population)} records by chain and day, in UTC: by the time of the record, of the event inside of it, or of its seal.</p>
<div class="scroll" tabindex="0"><table>
<thead><tr>${['Chain', 'Day', 'Clock', 'Records'].map(headCell)}</tr></thead>
<tbody>${days.map(
  ({ chain, partition, day, records, clock }) =>
    markup`<tr><td>${`${chain}/${partition}`}</td><td>${day}</td><td>${clock ?? '–'}</td><td class="right">${countText(records)}</td></tr>`,
)}</tbody>
</table></div>
</section>`;

const restsOn = (sheet: SampleSheet): Markup => markup`<section>
<h2>What it rests on</h2>
<p>${sheet.conclusion}</p>
${listOf('Looked at', sheet.facts)}
${listOf('Not looked at', sheet.notLookedAt)}
${listOf('Signed states', sheet.restsOn)}
${listOf('Not ruled out', sheet.bounds)}
<p class="soft">Nobody signed this page. Whoever has the archive, the key and the seed can draw the same sample again.</p>
</section>`;

const listOf = (title: string, texts: readonly string[]): Markup =>
  texts.length === 0 ? markup`` : markup`<h3>${title}</h3><ul>${texts.map(item)}</ul>`;

const item = (text: string): Markup => markup`<li>${text}</li>`;
