// Does the page of a verifier say no more than was looked at?
import { describe, expect, it } from 'vitest';
import { DayHistory } from '../../../src/apps/page/day-history.ts';
import { partsOf } from '../../../src/apps/page/frame.ts';
import { watchFace } from '../../../src/apps/page/watch-page.ts';
import type { WatchView } from '../../../src/apps/page/watch-view.ts';
import type { BoardFinding, BoardState } from '../../../src/apps/verifier/findings-board.ts';
import { newWatchState, type WatchState } from '../../../src/apps/verifier/watch.ts';
import { parseVerifierConfig } from '../../../src/config/verifier.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import type { Settled } from '../../../src/verifier/findings/settled.ts';
import { type LocksSeen, SOON_DAYS } from '../../../src/verifier/tasks/lock-tally.ts';
import { type FindingCode, findingOf } from '../../../src/verify/finding.ts';
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

const board = (findings: readonly BoardFinding[], more: object = {}): BoardState => ({
  board: { findings, omitted: 0, decisionsUnknown: null, asOfMs: NOW_MS, ...more },
  problem: null,
});
/** `at`: opened so many minutes ago. */
const found = (code: FindingCode, at: number, more: Partial<BoardFinding> = {}): BoardFinding => ({
  id: String(at).padStart(32, '0'),
  file: {
    ...{ state: 'open', scope: 'topic=orders/partition=0', chain: 'orders', partition: 0, check: 'confirm' },
    finding: findingOf(code, {
      sequence: 7,
      found: `${at} records lost; offsets 3 to 5 (expired) by J. Doe: outage`,
    }),
    ...{ opening: 0, firstSeenMs: 0, lastSeenMs: 0, closed: null, verifier: { name: 'v', version: '1' } },
  },
  ...{ openedMs: NOW_MS - at * MINUTE_MS, seenMs: NOW_MS - at * MINUTE_MS, notified: ['log', 'sns'] },
  ...{ answers: [], otherAnswers: 0, lost: null, settled: null, ...more },
});
const lost = [{ chain: 'orders', partition: 0, firstOffset: 3, lastOffset: 5, offsets: 3 }];
const ACCEPTED: Settled = {
  ...{
    how: 'accepted',
    by: ['Ada Byron', 'Grace Hopper'],
    atMs: NOW_MS - 600 * MINUTE_MS,
    text: 'Ticket 4711',
  },
};

/** All was looked at, and nothing is open. */
function view(change: (state: WatchState) => void = () => {}, more: Partial<WatchView> = {}): WatchView {
  const state = newWatchState(NOW_MS - 60 * MINUTE_MS);
  for (const partition of [0, 1]) state.chains.set(`orders/${partition}`, chain(partition));
  for (const kind of KINDS) state.lastWhole.set(kind, NOW_MS - MINUTE_MS);
  Object.assign(state, { archiveChains: 2, lastRoundMs: NOW_MS - MINUTE_MS });
  change(state);
  const nothing = new DayHistory().series(NOW_MS);
  return {
    ...{ config, state, kinds: KINDS, open: NONE, isHealthy: true, nowMs: NOW_MS, version: '1' },
    ...{ lag: nothing, sealAge: nothing, roundAge: nothing },
    ...{ findings: board([]), locks: null, decisions: null, ...more },
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
  expect(drill(view())).toContain('<code>ledgerstone report checks</code>. <code>');
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

const partOf = (given: WatchView, id: string): string =>
  (partsOf(watchFace(given)).get(id) ?? '').replaceAll('&#39;', "'");

describe('the open findings', () => {
  it('are listed, the newest first, with what it means, where, who was notified and who answered', () => {
    const answers = [
      { kind: 'ack', by: 'Ada Byron', text: 'I look at it', keyId: null, atMs: NOW_MS },
    ] as const;
    const list = partOf(
      view(undefined, {
        open: { ...NONE, broken: 1, notice: 1 },
        findings: board([
          found('data-altered', 5, { answers }),
          found('stale-chain', 50, { notified: [], otherAnswers: 1 }),
        ]),
      }),
      'open-findings',
    );
    expect(list.indexOf('data-altered')).toBeLessThan(list.indexOf('stale-chain'));
    expect(list).toContain('orders/0, segment 7');
    expect(list).toContain('2026-11-30 11:55:00Z');
    expect(list).toContain('log, sns');
    expect(list).toContain('nothing yet');
    expect(list).toContain('acknowledged by Ada Byron, 2026-11-30 12:00:00Z: I look at it');
    expect(list).toContain('1 note of somebody whose key is not known here: not counted');
    expect(list).toContain('Open: 1 that the archive is broken, 1 to take notice of.');
  });

  it('are bounded, and the page says how many more there are, and how to see them', () => {
    const many = Array.from({ length: 70 }, (_, at) => found('stale-chain', at));
    const list = partOf(
      view(undefined, { open: { ...NONE, notice: 75 }, findings: board(many, { omitted: 5 }) }),
      'open-findings',
    );
    expect(list.match(/<tr>/g)).toHaveLength(51);
    expect(list).toContain('And 25 more: ledgerstone finding list --config verifier.yaml.');
  });

  it.each<readonly [string, BoardState]>([
    ['were not read yet', { board: null, problem: null }],
    ['could not be read', { board: null, problem: HOSTILE }],
    ['could not be read again', { ...board([]), problem: 'away' }],
  ])('that %s are not none, and neither are losses', (why, findings) => {
    for (const id of ['open-findings', 'losses']) {
      const text = partOf(view(undefined, { findings }), id);
      expect(text).toContain(why);
      expect(text).toMatch(/[Nn]ot known\./);
      expect(text).not.toMatch(/>None|is lost\./);
    }
  });

  it('in texts of others are text', () => {
    const answers = [{ kind: 'ack', by: HOSTILE, text: HOSTILE, keyId: null, atMs: NOW_MS }] as const;
    const one = found('records-lost', 1, { answers, settled: { ...ACCEPTED, by: [HOSTILE], text: HOSTILE } });
    const page = htmlOf(view(undefined, { findings: board([one, { ...one, settled: null }]) }));
    expect(page).not.toMatch(/<script|<img/);
  });
});

describe('a loss', () => {
  const notice = { open: { ...NONE, notice: 1 } };

  it('leaves the page amber until somebody has accepted or resolved it', () => {
    const open = view(undefined, { ...notice, findings: board([found('records-lost', 3, { lost })]) });
    expect(said(open)).toMatchObject({ label: 'Findings are open', standing: 'open' });
    expect(partOf(open, 'losses')).toContain('lost: not accepted yet');
  });

  it('that was accepted stays listed with who and when, and the page has its usual colour', () => {
    const one = found('records-lost', 3, { lost, settled: ACCEPTED });
    const given = view(undefined, { ...notice, findings: board([one]) });
    expect(said(given)).toMatchObject({ label: 'Verified', standing: 'whole' });
    expect(said(given).text).toContain('no finding is open but one that somebody accepted or resolved');
    const losses = partOf(given, 'losses');
    expect(losses).toContain('>accepted loss<');
    expect(losses).toContain('3 records\noffsets 3 to 5');
    expect(losses).toContain('Ada Byron and Grace Hopper, 2026-11-30 02:00:00Z: Ticket 4711');
    expect(partOf(given, 'open-findings')).toContain('None but those that somebody accepted or resolved');
  });

  it('that was accepted does not hide another one, nor a finding of another kind', () => {
    const settled = found('records-lost', 3, { lost, settled: ACCEPTED });
    const two = view(undefined, {
      open: { ...NONE, notice: 2 },
      findings: board([found('records-lost', 2, { lost }), settled]),
    });
    expect(said(two)).toMatchObject({ standing: 'open' });
    expect(said(two).text).toContain('1 finding is open');
    const losses = partOf(two, 'losses');
    expect(losses.indexOf('not accepted yet')).toBeLessThan(losses.indexOf('>accepted loss<'));
    // What is settled is never taken off the count of another severity.
    const broken = view(undefined, { open: { ...NONE, broken: 1 }, findings: board([settled]) });
    expect(said(broken).text).toContain('1 finding is open, of which 1 say');
  });

  it('resolved by one person is called that', () => {
    const settled: Settled = { ...ACCEPTED, how: 'resolved', by: ['Ada Byron'] };
    const given = view(undefined, { ...notice, findings: board([found('chain-continued', 3, { settled })]) });
    expect(said(given).standing).toBe('whole');
    expect(partOf(given, 'losses')).toContain('>resolved<');
  });

  it('says why decisions were not asked', () => {
    const findings = board([], { decisionsUnknown: 'no key' });
    expect(partOf(view(undefined, { findings }), 'losses')).toContain(
      'accepted by decisions is not known: no key',
    );
  });
});

describe('locks', () => {
  const seen: LocksSeen = {
    ...{
      begunMs: NOW_MS - 9 * MINUTE_MS,
      endedMs: NOW_MS - 5 * MINUTE_MS,
      locks: 12,
      unlocked: 0,
      notRead: 0,
    },
    ...{ isWithoutLocks: false, endingOmitted: 0, nextMs: Date.parse('2027-11-30T00:00:00Z') },
    ending: [{ chain: 'orders', partition: 0, date: '2026-12-04', objects: 2 }],
  };
  const locks = (more: Partial<LocksSeen> | null) =>
    partOf(view(undefined, { locks: more === null ? null : { ...seen, ...more } }), 'locks-that-end-soon');

  it('that end soon are listed, as of which sweep', () => {
    expect(locks({})).toContain('2026-12-04');
    expect(locks({})).toContain(`Within ${SOON_DAYS} days`);
    expect(locks({})).toContain('ended at 2026-11-30 11:55:00Z (begun 2026-11-30 11:51:00Z)');
    const ending = Array.from({ length: 60 }, (_, partition) => ({ ...seen.ending[0]!, partition }));
    expect(locks({ ending, endingOmitted: 3 })).toContain(
      'And 23 objects more: ledgerstone report retention.',
    );
  });

  it('of no sweep are not known; of none that ends soon it is said what was read', () => {
    expect(locks(null)).toContain('Not known yet');
    expect(locks({ ending: [] })).toContain(
      'No lock of the 12 objects that were read ends so soon; the next one ends',
    );
    expect(locks({ ending: [], notRead: 2 })).toContain('Of 2 objects the lock could not be read.');
    expect(locks({ ending: [], locks: 0, notRead: 2 })).toContain('Not known: no lock was read.');
    expect(locks({ ending: [], unlocked: 3 })).toContain('3 objects had no lock any more, or none at all.');
  });
});

describe('legal holds', () => {
  const holds = (decisions: WatchView['decisions']) => partOf(view(undefined, { decisions }), 'legal-holds');
  it.each<readonly [string, WatchView['decisions']]>([
    ['Not known yet', null],
    ['whether somebody holds objects', { look: { kind: 'no-chain' }, atMs: NOW_MS }],
    ['Not known: no key', { look: { kind: 'no-key' }, atMs: NOW_MS }],
    [
      'Not known: the chain of decisions could not be read: away',
      { look: { kind: 'unread', problem: 'away', broken: false }, atMs: 0 },
    ],
  ])('%s', (text, decisions) => {
    expect(holds(decisions).toLowerCase()).toContain(text.toLowerCase());
    expect(holds(decisions)).not.toMatch(/no hold is in force/i);
  });
});
