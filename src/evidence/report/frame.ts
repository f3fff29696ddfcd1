// How does a report become one page that prints, without a script and without a network?
import { toBase64, utf8 } from '../../base/bytes.ts';
import { countText } from '../../base/counted.ts';
import type { Sha256 } from '../../base/hash.ts';
import { spkiFingerprint } from '../../format/vkey.ts';
import { fingerprintDigits } from '../fingerprint.ts';
import type { Block, ReportFace, TableBlock, TableCell } from './blocks.ts';
import { Markup, markup } from './markup.ts';
import type { PrintedReport, ReportedChain, ReportWindow, SignedReport, Standing } from './printed-report.ts';
import { REPORT_STYLE } from './style.ts';

const LABELS: Readonly<Record<Standing, string>> = {
  whole: 'All that is named below was looked at, and nothing was found',
  found: 'Something was found',
  open: 'Not everything could be looked at',
  accepted:
    'All that is named below was looked at; what was found was accepted or resolved, and stays listed',
};

/** One file. The same report and signature give the same bytes. */
export function reportPage(
  report: PrintedReport<string, unknown>,
  face: ReportFace,
  signed: SignedReport,
  sha256: Sha256,
): Uint8Array {
  const style = toBase64(sha256(utf8(REPORT_STYLE)));
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${face.title}: ${report.protocol.archive.origin}</title>
<style>${new Markup(REPORT_STYLE)}</style>
</head>
<body>
<main>
${headOf(report, face)}
${verdictOf(report, face)}
${face.blocks.map(blockOf)}
${extentOf(report)}
${protocolOf(report, signed, sha256)}
</main>
<template id="report">${new Markup(toBase64(signed.bytes))}</template>
<template id="envelope">${new Markup(toBase64(signed.envelope))}</template>
</body>
</html>
`;
  return utf8(page.html);
}

/** For a table: `2026-11-22 10:00:10Z`. */
export const shortTime = (time: string): string => time.replace('T', ' ').replace(/\.\d+Z$/, 'Z');

/** A date stands for its first moment, in UTC. */
const momentText = (time: string): string => time.replace(/T00:00:00\.000Z$/, '');

export function windowText({ from, to }: ReportWindow): string {
  if (from === null && to === null) return 'all times';
  const end = to === null ? 'on' : `to before ${momentText(to)}`;
  return from === null ? end.replace(/^to /, '') : `from ${momentText(from)} ${end}`;
}

const headOf = ({ window, protocol }: PrintedReport<string, unknown>, face: ReportFace): Markup =>
  markup`<header>
<h1>${face.title}</h1>
<p>${face.question}</p>
<p class="soft">Archive ${protocol.archive.origin} · ${windowText(window)} (UTC) · made ${protocol.ended} for ${protocol.by}</p>
</header>`;

const verdictOf = (
  { verdict: { standing, sentence, bounds } }: PrintedReport<string, unknown>,
  { openLabel }: ReportFace,
): Markup =>
  markup`<div class="verdict ${standing}" role="note" aria-label="Verdict">
<p class="label">${(standing === 'open' ? openLabel : undefined) ?? LABELS[standing]}</p>
<p class="sentence">${sentence}</p>
${listOf(bounds)}
</div>`;

const listOf = (items: readonly string[]): Markup | null =>
  items.length === 0 ? null : markup`<ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`;

export const idOf = (title: string): string => title.toLowerCase().replace(/[^a-z0-9]+/g, '-');

export function blockOf(block: Block): Markup {
  const id = idOf(block.title);
  return markup`<section aria-labelledby="${id}">
<h2 id="${id}">${block.title}</h2>
${block.kind === 'table' ? tableOf(block, id) : block.content}
</section>`;
}

function tableOf({ intro, columns, rows, empty }: TableBlock, id: string): Markup {
  const said = intro === '' ? null : markup`<p class="soft">${intro}</p>`;
  if (rows.length === 0) return markup`${said}<p>${empty}</p>`;
  const classOf = (index: number) => {
    const { align = '', form = '' } = columns[index] ?? {};
    return `${align} ${form}`.trim();
  };
  const head = columns.map(
    ({ title }, index) => markup`<th scope="col" class="${columns[index]?.align ?? ''}">${title}</th>`,
  );
  const cell = (value: TableCell, index: number) => {
    const { text, tone } = typeof value === 'string' ? { text: value, tone: 'plain' as const } : value;
    return markup`<td class="${`${classOf(index)} tone-${tone}`.trim()}">${text}</td>`;
  };
  return markup`${said}<div class="scroll" tabindex="0" role="region" aria-labelledby="${id}"><table>
<thead><tr>${head}</tr></thead>
<tbody>${rows.map((row) => markup`<tr>${row.map(cell)}</tr>`)}</tbody>
</table></div>`;
}

const extentOf = ({ looked, notLooked, chains }: PrintedReport<string, unknown>): Markup =>
  markup`<section aria-labelledby="extent">
<h2 id="extent">What was looked at, and what was not</h2>
<h3>Looked at</h3>
${listOf(looked)}
<h3>Not looked at</h3>
${listOf(notLooked)}
${chains.length === 0 ? null : chainsOf(chains)}
</section>`;

const COLUMNS: TableBlock['columns'] = [
  { title: 'chain' },
  { title: 'segments', align: 'right' },
  { title: 'root', form: 'code' },
  { title: 'offsets' },
  { title: 'archived', align: 'right' },
  { title: 'without a record', align: 'right' },
  { title: 'last sealed (UTC)', form: 'time' },
  { title: 'not looked at because' },
];

function chainsOf(chains: readonly ReportedChain[]): Markup {
  const rows = chains.map((one) => [
    `${one.chain}/${one.partition}`,
    one.checkpoint === null ? '-' : countText(one.checkpoint.size),
    one.checkpoint?.root ?? '-',
    one.firstOffset === null || one.lastOffset === null ? '-' : `${one.firstOffset} to ${one.lastOffset}`,
    ...[
      countText(one.archived),
      countText(one.gaps),
      one.lastSealed === null ? '-' : shortTime(one.lastSealed),
    ],
    one.problem === null ? '-' : { text: one.problem, tone: 'open' as const },
  ]);
  const intro =
    'Of each chain the last checkpoint that was read: how many segments it covers, and the root over them. ' +
    'Offsets are numbered without holes: what has no record is counted apart.';
  return markup`<h3 id="chains">Chains</h3>
${tableOf({ kind: 'table', title: 'Chains', intro, columns: COLUMNS, rows, empty: '' }, 'chains')}`;
}

function protocolOf(
  { protocol, window, kind }: PrintedReport<string, unknown>,
  signed: SignedReport,
  sha256: Sha256,
): Markup {
  const { by, account, command, program, archive, began, ended, exitCode } = protocol;
  const rows: (readonly [string, string | Markup])[] = [
    ['Asked for by', by],
    ['Question', `${kind}, ${windowText(window)} (UTC)`],
    ['Command', markup`<span class="code">${command.map(quoted).join(' ')}</span>`],
    ['Program', `${program.name} ${program.version}`],
    ['Its code', markup`<span class="hash">${program.build}</span>`],
    ['Archive', `${archive.name}, origin ${archive.origin}`],
    ['Run by', `account ${account.user} on ${account.machine}; a role in a cloud account was not asked for`],
    ['Began, ended', `${began}, ${ended}, by the clock of that machine`],
    ['Exit code', String(exitCode)],
    ['Data, SHA-256', markup`<span class="hash">${signed.digest}</span>`],
    ['Signature', signatureOf(signed, sha256)],
    [
      'To check it',
      'ledgerstone report check FILE --signer KEY: are data, page and signature one? ' +
        'The data of the report is in this file; --json writes the same bytes.',
    ],
  ];
  return markup`<section aria-labelledby="protocol">
<h2 id="protocol">Protocol</h2>
<dl>${rows.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</section>`;
}

/** As a person may give it to a shell again. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

function signatureOf({ signer }: SignedReport, sha256: Sha256): Markup {
  if (signer === null)
    return markup`<span class="tone-open">not signed</span>: nobody vouches for this report but who gave it to you`;
  const print = markup`<span class="hash">${spkiFingerprint(signer, sha256)}</span>`;
  const digits = markup`<span class="hash">${fingerprintDigits(signer, sha256)}</span>`;
  return markup`by the ${signer.algorithm} key ${print}; its digits, to compare by telephone: ${digits}`;
}

/** What `reportPage` laid into the page. Null: it is no page of a report. */
export function partsOfPage(page: string): { readonly report: string; readonly envelope: string } | null {
  const match =
    /\n<template id="report">([A-Za-z0-9+/=]+)<\/template>\n<template id="envelope">([A-Za-z0-9+/=]+)<\/template>\n<\/body>\n<\/html>\n$/.exec(
      page,
    );
  return match === null ? null : { report: match[1] as string, envelope: match[2] as string };
}
