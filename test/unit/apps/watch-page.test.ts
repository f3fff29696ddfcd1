// Does the page of a verifier say no more than was looked at?
import { describe, expect, it } from 'vitest';
import { DayHistory } from '../../../src/apps/page/day-history.ts';
import { partsOf } from '../../../src/apps/page/frame.ts';
import { type WatchView, watchFace } from '../../../src/apps/page/watch-page.ts';
import { newWatchState, type WatchState } from '../../../src/apps/verifier/watch.ts';
import { parseVerifierConfig } from '../../../src/config/verifier.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder } from '../../support/archive-builder.ts';

const NOW_MS = Date.parse('2026-11-30T12:00:00.000Z');
const MINUTE_MS = 60_000;
const HOSTILE = '</p><script>document.title=1</script><img src=x onerror=alert(1)>';
const config = parseVerifierConfig(
  `archive: { store: { kind: directory, path: a }, trusted: [ "${encodeVkey(new ArchiveBuilder().trusted[0]!)}" ] }
attestations: { store: { kind: directory, path: o }, retention: { mode: COMPLIANCE, period: 1y } }
cosigner: { name: v.example.com, signing: { kind: local, keyFile: k.pem } }
`,
  'v.yaml',
  {},
);

type Chain = WatchState['chains'] extends Map<string, infer T> ? T : never;
const chain = (partition: number, more: Partial<Chain> = {}): Chain => ({
  ...{ place: { chain: 'orders', partition }, verdict: 'verified', size: 3, nextOffset: 9, isAtEnd: true },
  ...{ sealedThrough: '2026-11-30T11:58:00.000Z', isDrill: false, lookedAtMs: NOW_MS - MINUTE_MS, ...more },
});
const NONE = { broken: 0, unverifiable: 0, attempt: 0, notice: 0 };
const KINDS = ['confirmations', 'sweeps', 'fullPasses'] as const;

/** All was looked at, and nothing is open. */
function view(change: (state: WatchState) => void = () => {}, more: Partial<WatchView> = {}): WatchView {
  const state = newWatchState(NOW_MS - 60 * MINUTE_MS);
  for (const partition of [0, 1]) state.chains.set(`orders/${partition}`, chain(partition));
  for (const kind of KINDS) state.lastWhole.set(kind, NOW_MS - MINUTE_MS);
  Object.assign(state, { archiveChains: 2, lastRoundMs: NOW_MS - MINUTE_MS });
  change(state);
  const nothing = new DayHistory().series(NOW_MS);
  return {
    ...{ config, state, kinds: KINDS, open: NONE, isHealthy: true, lag: nothing, roundAge: nothing },
    ...{ nowMs: NOW_MS, version: '1', ...more },
  };
}
const said = (given: WatchView) => {
  const { label, verdict } = watchFace(given);
  return { label, standing: verdict.standing, text: [verdict.sentence, ...verdict.bounds].join('\n') };
};
const htmlOf = (given: WatchView) => [...partsOf(watchFace(given)).values()].join('\n');

describe('the verdict', () => {
  it('is whole where everything was looked at, and nothing is open', () => {
    expect(said(view())).toMatchObject({ label: 'Verified', standing: 'whole' });
    expect(said(view()).text).toContain('All 2 chains of the archive were verified, at 2026-11-30 11:59:00Z');
  });

  it.each<readonly [string, WatchView, string]>([
    ['a chain was not looked at', view((state) => Object.assign(state, { archiveChains: 3 })), 'Of 3 chains'],
    ['nobody counted the chains', view((state) => Object.assign(state, { archiveChains: null })), 'How many'],
    [
      'one has more segments',
      view((state) => state.chains.set('orders/1', chain(1, { isAtEnd: false }))),
      'more segments',
    ],
    [
      'one was looked at long ago',
      view((state) => state.chains.set('orders/1', chain(1, { lookedAtMs: NOW_MS - 40 * MINUTE_MS }))),
      'for some time',
    ],
    ['nothing was swept', view((state) => void state.lastWhole.delete('sweeps')), 'No whole sweep'],
    [
      'not each byte was read',
      view((state) => void state.lastWhole.delete('fullPasses')),
      'No whole full pass',
    ],
    ['nobody counted findings', view(undefined, { open: { ...NONE, notice: null } }), 'not known yet'],
    [
      'a task fails',
      view((state) => state.troubles.set('sweep', { message: HOSTILE, remedy: null, sinceMs: NOW_MS })),
      'Some work fails',
    ],
    ['no round goes through', view(undefined, { isHealthy: false }), 'No round has gone through'],
  ])('is open where %s', (_, given, why) => {
    const { standing, text } = said(given);
    expect(standing).toBe('open');
    expect(text).toContain(why);
    expect(htmlOf(given)).not.toContain('no finding is open');
    // Neither does the table say it in short.
    expect(htmlOf(given)).not.toMatch(/<td[^>]*>none<\/td>/);
  });

  it.each<readonly [string, Partial<Record<keyof typeof NONE, number>>, string, string]>([
    ['broken', { broken: 1 }, 'found', '1 finding is open, of which 1 say'],
    ['attempt', { attempt: 2 }, 'found', '2 findings are open, of which 2 are attempts'],
    ['unverifiable', { unverifiable: 1 }, 'open', '1 finding is open'],
    ['notice', { notice: 1 }, 'open', '1 finding is open'],
  ])('of an open finding (%s) counts it', (_, open, standing, text) => {
    const given = said(view(undefined, { open: { ...NONE, ...open } }));
    expect(given.standing).toBe(standing);
    expect(given.text).toContain(text);
  });

  it('of a broken chain is broken, whatever else is not known', () => {
    const broken = view((state) => state.chains.set('orders/1', chain(1, { verdict: 'broken' })), {
      ...{ open: { ...NONE, broken: null }, isHealthy: false },
    });
    expect(said(broken)).toMatchObject({ label: 'Broken', standing: 'found' });
  });

  it('does not count what is in the place of drills', () => {
    const drill = view((state) => state.chains.set('d', chain(7, { verdict: 'broken', isDrill: true })));
    expect(said(drill).standing).toBe('whole');
  });
});

it('says how far a chain is attested, or that it is not known', () => {
  const rows = (given: WatchView) => partsOf(watchFace(given)).get('verified-through') ?? '';
  expect(rows(view())).toContain('2026-11-30 11:58:00Z');
  const unread = view((state) => {
    state.chains.clear();
    state.chains.set('orders/0', chain(0, { sealedThrough: null, nextOffset: null }));
  });
  expect(rows(unread).match(/not known/g)).toHaveLength(2);
});

it('shows the last drill after its canary is gone, and denies none from before', () => {
  const drill = (given: WatchView) => partsOf(watchFace(given)).get('last-drill') ?? '';
  expect(drill(view((state) => Object.assign(state, { lastDrillMs: NOW_MS })))).toContain('12:00:00Z');
  expect(drill(view())).toContain('since it began');
  expect(drill(view())).toContain('report checks');
});

it('shows text of others as text', () => {
  const page = htmlOf(
    view((state) => {
      state.troubles.set('look', { message: HOSTILE, remedy: HOSTILE, sinceMs: NOW_MS });
      state.chains.set(HOSTILE, chain(5, { verdict: HOSTILE }));
    }),
  );
  expect(page).toContain('&lt;script&gt;');
  expect(page).not.toMatch(/<script|<img/);
});
