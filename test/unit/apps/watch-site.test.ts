// Is what the page of a verifier plots measured, and does who loads the page see what is so now?
import { expect, it } from 'vitest';
import type { BoardState } from '../../../src/apps/verifier/findings-board.ts';
import { newWatchState } from '../../../src/apps/verifier/watch.ts';
import { watchSite } from '../../../src/apps/verifier/watch-site.ts';
import { parseVerifierConfig } from '../../../src/config/verifier.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder } from '../../support/archive-builder.ts';

const NOW_MS = Date.parse('2026-11-30T12:00:00.000Z');
const config = parseVerifierConfig(
  `archive: { store: { kind: directory, path: a }, trusted: [ "${encodeVkey(new ArchiveBuilder().trusted[0]!)}" ] }
attestations: { store: { kind: directory, path: o }, retention: { mode: COMPLIANCE, period: 1y } }
cosigner: { name: v.example.com, signing: { kind: local, keyFile: k.pem } }
`,
  'v.yaml',
  {},
);
const chain = (partition: number, sealedThrough: string | null, isDrill = false) => ({
  ...{ place: { chain: 'orders', partition }, verdict: 'verified', size: 3, nextOffset: 9, isAtEnd: true },
  ...{ sealedThrough, isDrill, lookedAtMs: NOW_MS },
});

async function loaded(settled: () => Promise<BoardState>): Promise<string> {
  const state = newWatchState(NOW_MS - 3_600_000);
  state.chains.set('a', chain(0, '2026-11-30T11:59:00.000Z'));
  state.chains.set('b', chain(1, '2026-11-30T11:00:00.000Z'));
  state.chains.set('c', chain(2, null));
  state.chains.set('d', chain(3, '2026-01-01T00:00:00.000Z', true));
  let findings: BoardState = { board: null, problem: null };
  const site = watchSite({
    ...{ config, state, kinds: [], isHealthy: () => true, clock: { now: () => NOW_MS } },
    metrics: { openFindings: () => ({ notice: 0 }), takeLagSeconds: () => 5 },
    board: {
      ask: () => findings,
      settled: async () => {
        findings = await settled();
        return findings;
      },
    },
    ...{ locks: { seen: null }, decisions: null },
  });
  try {
    return (await site.routes['/']!({ isKnown: true, isForeignScript: false })).body;
  } finally {
    site.close();
  }
}
const READ: BoardState = {
  board: { findings: [], omitted: 0, decisionsUnknown: null, asOfMs: NOW_MS },
  problem: null,
};

it('plots the lag, and the age of the newest seal of the chain where it is oldest, drills apart', async () => {
  const page = await loaded(async () => READ);
  const plot = (title: string) => page.slice(page.indexOf(title)).split('</figure>')[0];
  expect(plot('From a seal to its attestation')).toContain('Last 5 s at 12:00Z');
  expect(plot('Age of the newest attested seal')).toMatch(/Last (60 min|1\.0 h|1 h) at 12:00Z/);
});

it('is loaded with what was read for it, and no later than in two seconds where that takes longer', async () => {
  expect(await loaded(async () => READ)).toContain('As of 2026-11-30 12:00:00Z.');
  const begun = Date.now();
  expect(await loaded(() => new Promise(() => {}))).toContain('They were not read yet.');
  expect(Date.now() - begun).toBeLessThan(20_000);
});
