// How does what a process knows of itself become one page, that a browser shows and keeps up to date?
import { createHash } from 'node:crypto';
import type { Block } from '../../evidence/report/blocks.ts';
import { blockOf, idOf } from '../../evidence/report/frame.ts';
import { Markup, markup } from '../../evidence/report/markup.ts';
import type { ReportVerdict } from '../../evidence/report/printed-report.ts';
import type { Answer } from '../http.ts';
import { pageScript } from './script.ts';
import { PAGE_STYLE } from './style.ts';

export type PageFace = {
  readonly title: string;
  /** Which process it is. */
  readonly about: string;
  readonly label: string;
  readonly verdict: ReportVerdict;
  /** Always the same ones, in the same order. */
  readonly blocks: readonly Block[];
  /** Further paths of this server, for people. */
  readonly links: readonly string[];
};

/** HTML by part of the page. */
export type PageParts = ReadonlyMap<string, string>;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64');

const SCRIPT = pageScript();
/** Of style and script: a browser that has other ones loads the page anew. */
export const PAGE_BUILD = hashOf(PAGE_STYLE + SCRIPT).slice(0, 16);

/** One style and one script, by their hashes; it asks this server alone, and sends nothing. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hashOf(PAGE_STYLE)}'`,
  `script-src 'sha256-${hashOf(SCRIPT)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const partsOf = ({ label, verdict, blocks }: PageFace): PageParts =>
  new Map([
    ['verdict', verdictOf(label, verdict).html],
    ...blocks.map((block): [string, string] => [idOf(block.title), blockOf(block).html]),
  ]);

const verdictOf = (label: string, { standing, sentence, bounds }: ReportVerdict): Markup =>
  markup`<div class="verdict ${standing}">
<p class="label">${label}</p>
<p class="sentence">${sentence}</p>
${bounds.length === 0 ? null : markup`<ul>${bounds.map((bound) => markup`<li>${bound}</li>`)}</ul>`}
</div>`;

export function pageAnswer(face: PageFace, atMs: number): Answer {
  const at = new Date(atMs).toISOString();
  const parts = [...partsOf(face)].map(
    ([id, html]) =>
      markup`<div data-part="${id}"${id === 'verdict' ? new Markup(' role="status"') : null}>${new Markup(html)}</div>`,
  );
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${face.title}</title>
<link rel="icon" href="data:,">
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body data-build="${PAGE_BUILD}" data-at="${at}">
<main>
<header>
<h1>${face.title}</h1>
<p class="soft">${face.about}</p>
<p>As of <time id="as-of" datetime="${at}">${secondsText(at)}</time>, by the clock of the machine where it runs.
All times are UTC.</p>
<p id="live" role="status">This page does not renew itself here: load it again.</p>
</header>
${parts}
<footer><p class="soft">For programs: ${face.links.map((path) => markup`<a href="${path}">${path}</a>`)}</p></footer>
</main>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`;
  return {
    ...{ code: 200, type: 'text/html; charset=utf-8', body: page.html },
    headers: { 'content-security-policy': POLICY },
  };
}

const secondsText = (time: string): string => time.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
