// Does the map of controls name only what exists, and does no check show more than was looked at?
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readControlMap } from '../../../src/apps/cli/report/controls.ts';
import { controlsFiles } from '../../../src/apps/cli/report/write-controls-page.ts';
import {
  CHECK_IDS,
  type CheckId,
  type ControlFacts,
  runChecks,
} from '../../../src/evidence/controls/checks.ts';
import { controlMapOf } from '../../../src/evidence/controls/control-map.ts';
import type { ChecksData, ReportedDay, ReportedFinding } from '../../../src/evidence/report/checks-days.ts';
import {
  type ControlsReport,
  controlsFace,
  controlsVerdict,
  reportedControls,
} from '../../../src/evidence/report/controls.ts';
import { type FindingCode, findingOf } from '../../../src/verify/finding.ts';
import { NONE_MISSING } from '../../../src/verify/gaps.ts';
import type { ChainReport, Report } from '../../../src/verify/report.ts';

const map = await readControlMap();
const FRAMEWORKS = [
  ...['soc2', 'pci-dss-4', 'iso-27001', 'nist-800-53', 'hipaa', 'sec-17a-4', 'gdpr', 'dora', 'nis2'],
];

const chain = {
  ...{ origin: 'audit.example.com/prod/orders/0', chain: 'orders', partition: 0, source: null },
  ...{ verdict: 'verified', size: 3, root: '00', continues: null, firstOffset: 0, nextOffset: 20 },
  ...{ entries: 18, entriesRead: 18, missing: { ...NONE_MISSING, expired: 2 }, gaps: [], gapsOmitted: 0 },
  ...{
    transactions: { control: 0, aborted: 0 },
    gapOffsetsUnread: 0,
    bytes: 9,
    findings: [],
    findingsOmitted: 0,
  },
  checked: { seals: 3, signatures: 3, locks: 6, dataObjects: 3, lines: 18 },
  ...{ expired: 0, expiredUnread: 0, holdsToCome: 0, knownSize: 3 },
  ...{ lastSealed: '2026-11-22T10:00:00.000Z', checkpoint: 'x' },
} as ChainReport;
const report: Report = {
  verdict: 'verified',
  depth: 'content',
  chains: [chain],
  findings: [],
  findingsOmitted: 0,
};
const confirmation = {
  ...{
    origin: chain.origin,
    cosigner: 'verifier.example.com',
    size: 3,
    attestedAt: '2026-11-22T10:00:04.000Z',
  },
  ...{ isFork: false, unread: null },
};
const counts = { runs: 3, failed: 0, whole: 3, first: null, last: null, pause: 60, failures: [] };
const kinds = { confirmations: counts, sweeps: counts, fullPasses: counts, configuration: counts };
const day = (date: string, changed: Partial<ReportedDay> = {}): ReportedDay => ({
  ...{ date, state: 'shown', kinds, attested: 9, drills: { opened: 0, notified: 0 } },
  ...{ storedAt: null, tallies: 1, omitted: 0 },
  ...changed,
});
const foundThen = (changed: Partial<ReportedFinding>): ReportedFinding => ({
  ...{
    id: '1',
    scope: 's',
    opening: 0,
    code: 'fork',
    severity: 'broken',
    key: null,
    expected: null,
    found: null,
  },
  ...{ check: 'sweep', opened: '2026-11-01T10:00:00.000Z', notified: [], closed: null, answers: [] },
  ...{ otherAnswers: 0, isDrill: false, settled: null },
  ...changed,
});
const notified = [{ channel: 'webhook', at: '2026-11-01T10:00:01.000Z' }];
const drill = foundThen({ isDrill: true, notified });
const days: ChecksData = {
  ...{ verifier: 'verifier.example.com', firstRecord: '2026-11-01', foreign: 0, isStoreTime: true },
  ...{ days: [day('2026-11-01'), day('2026-11-02')], findings: [drill], acceptanceUnknown: null },
};
const facts: ControlFacts = {
  ...{ report, keys: ['audit.example.com/prod 01020304'], leastLock: '1y', archive: './archive' },
  days,
  attestations: { confirmed: [confirmation], unattested: [] },
};
const statesOf = (changed: Partial<ControlFacts>) =>
  Object.fromEntries(
    Object.values(runChecks({ ...facts, ...changed })).map(({ check, state }) => [check, state]),
  ) as Record<CheckId, string>;
/** The second party's days are its own word, whatever the archive is. */
const OF_DAYS: readonly string[] = [
  'daily-records',
  'configuration-comparisons',
  'findings-answered',
  'drills',
];
const ofArchive = (states: Record<string, string>) =>
  Object.entries(states).flatMap(([check, state]) => (OF_DAYS.includes(check) ? [] : [state]));
const withReport = (changed: Partial<Report>) => statesOf({ report: { ...report, ...changed } });
const withFinding = (code: FindingCode, verdict: Report['verdict'] = 'broken') =>
  withReport({ verdict, chains: [{ ...chain, verdict, findings: [findingOf(code)] }] });

describe('the map', () => {
  it('has the nine frameworks, and each has controls', () => {
    expect(map.frameworks.map(({ id }) => id)).toEqual(FRAMEWORKS);
    for (const id of FRAMEWORKS)
      expect(
        map.controls.some(({ ids }) => ids[id] !== undefined),
        id,
      ).toBe(true);
  });

  it('uses every check, and leaves something to the customer in every row', () => {
    const used = new Set(map.controls.flatMap(({ shows }) => shows));
    expect(CHECK_IDS.filter((id) => !used.has(id))).toEqual([]);
  });

  it('is docs/controls.md and docs/controls.component.json: npm run controls', async () => {
    const files = await controlsFiles();
    expect(files).toHaveLength(2);
    for (const [file, text] of files) expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it.each([
    [{ frameworks: {}, controls: [{ id: 'a' }] }, 'controls[0].ids is no map'],
    [{ frameworks: { f: { title: 'F' } }, controls: {} }, 'controls is no list'],
    [{ frameworks: { f: { title: '' } }, controls: [] }, 'frameworks.f.title is no text'],
    [{ frameworks: {}, controls: [], more: 1 }, 'the map.more: no such member'],
  ])('refuses %j', (value, message) => expect(() => controlMapOf(value)).toThrow(message));

  it.each([
    ['shows', ['everything'], 'no check is called everything'],
    ['customer', [], 'nothing remains to nobody'],
    ['ids', { other: ['1'] }, 'controls[0].ids.other: no such framework'],
    ['ids', {}, 'of no framework'],
  ])('refuses a row whose %s is %j', (member, value, message) => {
    const row = {
      ...{ id: 'a', name: 'A', ids: { f: ['1'] }, asks: 'x', does: 'y', shows: [], customer: ['z'] },
      [member]: value,
    };
    const whole = { frameworks: { f: { title: 'F' } }, controls: [row] };
    expect(() => controlMapOf(whole)).toThrow(message);
  });

  it('refuses the same row twice', () => {
    const row = { id: 'a', name: 'A', ids: { f: ['1'] }, asks: 'x', does: 'y', shows: [], customer: ['z'] };
    const whole = { frameworks: { f: { title: 'F' } }, controls: [row, row] };
    expect(() => controlMapOf(whole)).toThrow('the control a is there twice');
  });
});

describe('the checks', () => {
  it('show a verified, locked and attested archive, with numbers and a command', () => {
    const results = Object.values(runChecks(facts));
    expect(results.map(({ check, state }) => [check, state])).toEqual(CHECK_IDS.map((id) => [id, 'shown']));
    for (const { text, command } of results) {
      expect(text).toMatch(/\d/);
      expect(command).toMatch(
        /^ledgerstone (verify|losses|status) \.\/archive --key KEY|^ledgerstone report checks /,
      );
    }
  });

  it.each<[FindingCode, CheckId]>([
    ['data-altered', 'verified'],
    ['lock-missing', 'locked'],
    ['mode-not-compliance', 'locked'],
    ['retention-short', 'locked'],
    ['offset-gap', 'accounted'],
    ['truncation', 'accounted'],
    ['clock-backwards', 'clocks'],
    ['clock-ahead', 'clocks'],
    ['bad-signature', 'signing-keys'],
  ])('%s fails %s', (code, check) => {
    expect(withFinding(code)[check]).toBe('failed');
  });

  it('say that seals promise less than was asked for, and let nothing else fail by it', () => {
    const finding = findingOf('retention-short', {
      expected: 'a promise until 2036-01-01T00:00:00.000Z or later: no lock is shorter',
      found: 'promised until 2027-01-01T00:00:00.000Z',
    });
    const short = { ...chain, verdict: 'broken' as const, findings: [finding, finding] };
    const results = runChecks({ ...facts, report: { ...report, verdict: 'broken', chains: [short] } });
    const failed = Object.values(results).filter(({ state }) => state !== 'shown');
    expect(failed.map(({ check, text }) => [check, text])).toEqual([
      ['least-lock', '2 seals promise less than 1y.'],
    ]);
    // What is short of its own promise is another thing, and so is what was left out of the list.
    const own = findingOf('retention-short', { expected: 'COMPLIANCE until 2036', found: 'COMPLIANCE' });
    const states = (changed: object) => withReport({ verdict: 'broken', chains: [{ ...short, ...changed }] });
    expect(states({ findings: [finding, own] })).toMatchObject({ locked: 'failed', verified: 'failed' });
    expect(states({ findingsOmitted: 1 }).verified).toBe('failed');
  });

  it('name a finding that is known also where not every day was looked at', () => {
    const gap = [day('2026-11-01'), day('2026-11-02', { state: 'not-shown', kinds: {} })];
    const closed = foundThen({ closed: { at: '2026-11-01T11:00:00.000Z', check: 'sweep', why: 'gone' } });
    const textOf = (findings: ReportedFinding[]) =>
      runChecks({ ...facts, days: { ...days, days: gap, findings } })['findings-answered'].text;
    expect(textOf([closed])).toContain(
      'findings may be missing. 1 finding known in these days: 1 closed, 0 open.',
    );
    const settled = {
      how: 'accepted',
      by: ['Ada', 'Grace'],
      at: '2026-11-02T11:00:00.000Z',
      text: 'x',
    } as const;
    expect(textOf([closed, foundThen({ settled })])).toContain(
      '2 findings known in these days: 1 closed, 1 accepted or resolved, 0 open.',
    );
    expect(textOf([closed, foundThen({})])).toBe(
      '2 findings known in these days: 1 closed, 1 open, and 1 of these that nobody whose key was given answered.',
    );
  });

  it('speak of one day as of one, and of no drill as of none', () => {
    const one = { ...days, days: [day('2026-11-01')], findings: [] };
    const results = runChecks({ ...facts, days: one });
    expect(results.drills.text).toBe('No drill is known on that day, by the word of verifier.example.com.');
    expect(results['daily-records'].text).toContain('on each of one day that is over, by the word of');
  });

  it('show nothing at all of an archive that is not verified, but for what failed', () => {
    for (const states of [
      withFinding('unreadable', 'unverifiable'),
      withFinding('no-trusted-key', 'unverifiable'),
      withReport({ chains: [] }),
    ])
      expect(ofArchive(states)).not.toContain('shown');
    expect(ofArchive(withFinding('data-altered'))).not.toContain('shown');
  });

  it('show no locks of a copy, where they may not be read, or where none was read', () => {
    expect(withFinding('locks-not-applicable', 'verified')).toMatchObject({
      locked: 'not-shown',
      clocks: 'not-shown',
    });
    expect(withFinding('locks-not-permitted', 'unverifiable').locked).toBe('not-shown');
    const unread = { ...chain, checked: { ...chain.checked, locks: 0 } };
    expect(withReport({ chains: [unread] }).locked).toBe('not-shown');
    expect(withReport({ findingsOmitted: 1 }).locked).toBe('not-shown');
  });

  it('show no content where only seals were read', () => {
    expect(withReport({ depth: 'seals' }).verified).toBe('not-shown');
  });

  it('show no shortest period that nobody gave', () => {
    expect(statesOf({ leastLock: null })['least-lock']).toBe('not-shown');
  });

  it('show the second party only if it attested every chain, and the same history', () => {
    const attested = (changed: object, unattested: string[] = []) =>
      statesOf({ attestations: { confirmed: [{ ...confirmation, ...changed }], unattested } }).attested;
    expect(statesOf({ attestations: null }).attested).toBe('not-shown');
    expect(statesOf({ attestations: { confirmed: [], unattested: [] } }).attested).toBe('not-shown');
    expect(attested({}, ['audit.example.com/prod/payments/0'])).toBe('not-shown');
    expect(attested({ unread: 'gone' })).toBe('not-shown');
    expect(attested({ isFork: true })).toBe('failed');
    const { text } = runChecks({
      ...facts,
      attestations: { confirmed: [{ ...confirmation, size: 2 }], unattested: [] },
    }).attested;
    expect(text).toContain('Of 1 chain the newest segments are not attested yet.');
  });

  it.each<[string, Partial<ChecksData>, Partial<Record<CheckId, string>>]>([
    [
      'a day without a record',
      { days: [day('2026-11-01'), day('2026-11-02', { state: 'not-shown', kinds: {} })] },
      {
        'daily-records': 'not-shown',
        'configuration-comparisons': 'not-shown',
        'findings-answered': 'not-shown',
      },
    ],
    [
      'no day that is over',
      { days: [day('2026-11-01', { state: 'not-due' })] },
      {
        'daily-records': 'not-shown',
        'configuration-comparisons': 'not-shown',
        'findings-answered': 'not-shown',
      },
    ],
    [
      'a day without a full pass',
      { days: [day('2026-11-01', { kinds: { ...kinds, fullPasses: { ...counts, whole: 0 } } })] },
      { 'daily-records': 'not-shown', 'findings-answered': 'not-shown' },
    ],
    [
      'junk among the findings',
      { foreign: 1 },
      { 'daily-records': 'not-shown', 'findings-answered': 'not-shown' },
    ],
    ['no drill', { findings: [] }, { drills: 'not-shown', 'findings-answered': 'shown' }],
    [
      'a drill of which nobody was notified',
      { findings: [foundThen({ isDrill: true })] },
      { drills: 'failed' },
    ],
    [
      'an open finding that nobody answered',
      { findings: [foundThen({})] },
      { 'findings-answered': 'failed' },
    ],
    [
      'an open finding that somebody answered',
      {
        findings: [
          foundThen({
            answers: [{ kind: 'ack', by: 'Ada', text: 'x', at: '2026-11-01T11:00:00.000Z', keyId: '01' }],
          }),
        ],
      },
      { 'findings-answered': 'shown' },
    ],
    [
      'a closed finding',
      { findings: [foundThen({ closed: { at: '2026-11-01T11:00:00.000Z', check: 'sweep', why: 'gone' } })] },
      { 'findings-answered': 'shown' },
    ],
  ])('of days: %s', (_, changed, expected) =>
    expect(statesOf({ days: { ...days, ...changed } })).toMatchObject(expected),
  );

  it('of days: nothing is shown where none were asked for', () => {
    const states = statesOf({ days: null });
    expect(OF_DAYS.map((check) => states[check as CheckId])).toEqual(OF_DAYS.map(() => 'not-shown'));
  });

  it('say what is lost and expired beside what is there', () => {
    expect(runChecks(facts).accounted.text).toContain('18 of 20 offsets hold a record');
    expect(runChecks(facts).accounted.text).toContain('2 lost');
    const gone = { ...report, chains: [{ ...chain, expired: 1 }] };
    expect(runChecks({ ...facts, report: gone }).verified.text).toContain('was not read');
  });
});

describe('the report', () => {
  it('says once what several checks say in the same words', () => {
    const results = runChecks({ ...facts, report: { ...report, verdict: 'unverifiable' } });
    const data = reportedControls(map, map.frameworks[1]!, results);
    const html = controlsFace({ data } as ControlsReport)
      .blocks.map((block) => (block.kind === 'drawn' ? block.content.html : ''))
      .find((text) => text.includes('is unverifiable'));
    expect(html?.split('The archive is unverifiable: nothing is shown by it.')).toHaveLength(2);
  });

  it.each(map.frameworks)(
    'of $id is never whole: of each row something remains to the customer',
    (framework) => {
      const data = reportedControls(map, framework, runChecks(facts));
      const { standing, sentence, bounds } = controlsVerdict(data);
      expect(standing).toBe('open');
      expect(sentence).toContain(framework.title);
      expect(bounds.join(' ')).toContain('No row says that a control is met');
      expect(controlsFace({ data } as ControlsReport).openLabel).toContain('the rest is the customer’s');
      expect(data.controls.every(({ customer }) => customer.length > 0)).toBe(true);
      for (const { state, evidence } of data.controls)
        expect([state, evidence.length > 0]).toEqual(
          evidence.length > 0 ? ['shown', true] : ['customer', false],
        );
    },
  );

  it('a row with one check that failed has failed, and one with a check that was not shown is not shown', () => {
    const broken = { ...report, verdict: 'broken' as const };
    const framework = map.frameworks[1]!;
    const failed = reportedControls(map, framework, runChecks({ ...facts, report: broken }));
    expect(failed.controls[0]?.state).toBe('failed');
    expect(controlsVerdict(failed).standing).toBe('found');
    const alone = reportedControls(map, framework, runChecks({ ...facts, attestations: null }));
    expect(alone.controls.find(({ id }) => id === 'change-detection')?.state).toBe('not-shown');
    expect(controlsFace({ data: alone } as ControlsReport).openLabel).toBeUndefined();
  });
});
