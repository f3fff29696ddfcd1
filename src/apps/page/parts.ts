// Which parts do both pages draw alike?

import type { SigningConfig, StoreConfig } from '../../config/connections.ts';
import type { HttpConfig } from '../../config/http.ts';
import type { DrawnBlock } from '../../evidence/report/blocks.ts';
import { shortTime } from '../../evidence/report/frame.ts';
import { Markup, markup } from '../../evidence/report/markup.ts';
import { type Plotted, plotOf } from './plot.ts';

/** Rows of one table. `/status` has all of them. */
export const ROWS_MAX = 1_000;

export const timeCell = (ms: number | null, otherwise = 'not known'): string =>
  ms === null || Number.isNaN(ms) ? otherwise : shortTime(new Date(ms).toISOString());

/** What stands between backticks in a text is a command. */
export const paragraphs = (title: string, ...texts: readonly string[]): DrawnBlock => ({
  ...{ kind: 'drawn', title },
  content: markup`${texts.map((text) => markup`<p>${withCommands(text)}</p>`)}`,
});

/** No space comes in between. */
const withCommands = (text: string): Markup =>
  new Markup(
    text
      .split('`')
      .map((part, index) => commandOrText(part, index).html)
      .join(''),
  );

const commandOrText = (part: string, index: number): Markup =>
  index % 2 === 1 ? markup`<code>${part}</code>` : markup`${part}`;

export const plots = (title: string, plotted: readonly Plotted[]): DrawnBlock => ({
  ...{ kind: 'drawn', title },
  content: markup`<div class="plots">${plotted.map(plotOf)}</div>`,
});

export type Setting = readonly [name: string, value: string | null];

/** Those that have a value. */
export const settings = (title: string, all: readonly Setting[]): DrawnBlock => ({
  ...{ kind: 'drawn', title },
  content: markup`<dl>${all.flatMap(([name, value]): Markup[] =>
    value === null ? [] : [markup`<dt>${name}</dt><dd>${value}</dd>`],
  )}</dl>`,
});

export const storeText = (store: StoreConfig): string =>
  store.kind === 's3'
    ? `s3://${store.bucket}/${store.prefix} (${store.region})`
    : `the directory ${store.path}`;

/** Where the key is, never the key. */
export const signingText = (signing: SigningConfig): string =>
  signing.kind === 'kms' ? `${signing.keyId} in KMS` : `a key file, ${signing.keyFile}`;

/** How somebody may ask, without what they need for it. */
export function accessText({ host, port, auth, tls }: HttpConfig): string {
  const who = [
    ...(auth === 'public' ? ['everybody who reaches it'] : []),
    ...(auth !== null && auth !== 'public' ? ['who has the token'] : []),
    ...(tls?.clientCaFile == null ? [] : ['who has a certificate of the authority that it was given']),
  ];
  const whom = who.length === 0 ? 'everybody on this machine' : who.join(', or ');
  return `${tls === null ? 'HTTP' : 'HTTPS'} on ${host}, port ${port}: ${whom}`;
}
