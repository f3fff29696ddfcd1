// Does a report of checks ever call a day fine of which nothing is known, or hide a finding?
import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChecksReport } from '../../../src/evidence/report/checks.ts';
import { DAY_MS, dateOf, dayKey } from '../../../src/verifier/days/day-keys.ts';
import { chainScope } from '../../../src/verifier/findings/record.ts';
import { type FindingsWorld, findingAt, findingsWorld, recordDays } from '../../support/findings-world.ts';

let world: FindingsWorld;
let number = 0;
beforeEach(async () => {
  // Noon of today: in the first half hour of a day yesterday's record is not due yet.
  vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2 });
  world = await findingsWorld();
});
afterEach(() => {
  world.remove();
  vi.useRealTimers();
});

const fileOf = (date: string) => world.at(`attestations/${dayKey({ date, copy: 0 })}`);
const daysAgo = (days: number) => dateOf(Date.now() - days * DAY_MS);

async function checks(from: string, to: string, ...more: string[]) {
  const name = world.at(`c${number++}`);
  const files = ['--out', `${name}.html`, '--json', `${name}.json`, '--csv', `${name}.csv`];
  const { code, out, err } = await world.run(
    'report',
    'checks',
    '--from',
    from,
    '--to',
    to,
    '--person',
    world.at('ada.pem'),
    ...files,
    ...more,
  );
  const report = JSON.parse(readFileSync(`${name}.json`, 'utf8')) as ChecksReport;
  return {
    code,
    out,
    err,
    report,
    html: readFileSync(`${name}.html`, 'utf8'),
    csv: readFileSync(`${name}.csv`, 'utf8'),
  };
}

const states = ({ data }: ChecksReport) => data.days.map(({ state }) => state);

describe('the days', () => {
  it('that all have a record are each shown', async () => {
    const dates = await recordDays(world, 4);
    const { code, report, csv } = await checks(dates[2] as string, daysAgo(0));
    expect([code, report.verdict.standing]).toEqual([0, 'whole']);
    expect(report.verdict.sentence).toMatch(
      /^Each of the 2 days from \S+ to before \S+ that are over is shown with a whole run of each kind of check \(confirmations, sweeps, full passes\), and no finding was open in that time\.$/,
    );
    expect(report.data.days[0]?.kinds.confirmations).toMatchObject({ whole: 4, pause: 6 * 3600 });
    expect(report.verdict.bounds.join()).toContain(
      'In no record of this time: comparisons of the configuration, comparisons with Kafka',
    );
    expect(csv.split('\r\n')[1]).toMatch(new RegExp(`^${dates[2]},shown,`));
  });

  it('are told apart: before the first record, missed, in part, and not over', async () => {
    const dates = await recordDays(world, 5, [3]);
    const { code, out, report, html } = await checks(daysAgo(7), dateOf(Date.now() + 2 * DAY_MS));
    expect(states(report)).toEqual([
      'before',
      'before',
      'shown',
      'shown',
      'shown',
      'not-shown',
      'shown',
      'not-due',
      'not-due',
    ]);
    expect([code, report.verdict.standing]).toEqual([3, 'open']);
    expect(out).toContain('Of 7 days');
    expect(out).toContain(
      '3 are shown with a whole run of each kind of check (confirmations, sweeps, full passes), 1 in part, and 3 not at all',
    );
    const bounds = report.verdict.bounds.join('\n');
    expect(bounds).toContain(`Not shown: ${dates[3]}. No record lies there`);
    expect(bounds).toContain(`${dates[1]}: no whole run of sweeps.`);
    expect(bounds).toContain(`2 days before the first record that lies there (of ${dates[0]})`);
    expect(bounds).toContain(
      `Not over, or the record is not due yet: ${daysAgo(0)}, ${dateOf(Date.now() + DAY_MS)}`,
    );
    expect(html).toContain('&lt;b&gt;away&lt;/b&gt;');
  });

  it('without any record none is shown, and none is called before the first', async () => {
    const { code, report } = await checks(daysAgo(3), daysAgo(0));
    expect([code, report.verdict.standing, states(report)]).toEqual([
      3,
      'open',
      ['not-shown', 'not-shown', 'not-shown'],
    ]);
    expect(report.verdict.sentence).toContain('0 are shown');
  });

  it('of a window in which no day is over: nothing is shown', async () => {
    const { code, report } = await checks(daysAgo(0), dateOf(Date.now() + DAY_MS));
    expect([code, report.verdict.standing]).toEqual([3, 'open']);
    expect(report.verdict.sentence).toMatch(/^No day .* is over: nothing is shown of any/);
  });

  it('a record that was deleted, changed or copied from another day is no record', async () => {
    const dates = (await recordDays(world, 4)) as [string, string, string, string];
    const { chmodSync } = await import('node:fs');
    for (const date of dates) chmodSync(fileOf(date), 0o644);
    rmSync(fileOf(dates[1]));
    writeFileSync(
      fileOf(dates[2]),
      readFileSync(fileOf(dates[2]), 'utf8').replace('"attested": ', '"attested": 9'),
    );
    writeFileSync(fileOf(dates[3]), readFileSync(fileOf(dates[0])));
    const { report } = await checks(dates[0], daysAgo(0));
    expect(states(report)).toEqual(['shown', 'not-shown', 'not-shown', 'not-shown']);
  });

  it('a record that was written late is said to be', async () => {
    const [date = ''] = await recordDays(world, 5);
    utimesSync(fileOf(date), new Date(), new Date());
    const { report } = await checks(date, daysAgo(0));
    expect(report.verdict.bounds).toContain(`Recorded more than two days later: ${date}.`);
  });

  it('of another verifier’s key, or another archive, none counts', async () => {
    const dates = await recordDays(world, 2);
    const own = [
      '--attestations',
      world.at('attestations'),
      '--from',
      dates[0] as string,
      '--to',
      daysAgo(0),
    ];
    const { ledgerstone } = await import('./captured-io.ts');
    const other = await ledgerstone([
      'report',
      'checks',
      ...own,
      '--cosigner',
      world.at('verifier.vkey'),
      '--origin',
      'other.example/prod',
      '--out',
      world.at('o.html'),
    ]);
    expect([other.code, other.out]).toEqual([3, expect.stringContaining('2 not at all')]);
    const named = await ledgerstone([
      'report',
      'checks',
      ...own,
      '--cosigner',
      world.at('verifier.vkey'),
      '--key',
      world.at('archive.vkey'),
      '--out',
      world.at('p.html'),
    ]);
    expect(named.out).toContain('1 in part');
  });

  it('need a beginning, an end, and a whole day between them', async () => {
    const out = ['--out', world.at('x.html')];
    expect((await world.run('report', 'checks', '--from', daysAgo(3), ...out)).code).toBe(2);
    expect(
      (
        await world.run(
          'report',
          'checks',
          '--from',
          '2026-11-01T10:00Z',
          '--to',
          '2026-11-02T09:00Z',
          ...out,
        )
      ).code,
    ).toBe(2);
  });
});

describe('a finding', () => {
  const answer = (kind: string, id: string, who: string) =>
    world.run(
      'finding',
      kind,
      id,
      '--by',
      who,
      '--text',
      `<i>${kind}</i>`,
      '--sign-key',
      world.at(`${who}-key.pem`),
    );
  const window = () => [daysAgo(2), dateOf(Date.now() + DAY_MS)] as const;

  it('that somebody resolved is open all the same, and both stand side by side', async () => {
    await recordDays(world, 3);
    const [entry] = await world.report([findingAt('data-altered', 'k1', '<script>1</script>')]);
    await answer('ack', entry?.id as string, 'ada');
    await answer('resolve', entry?.id as string, 'ada');
    await answer('resolve', entry?.id as string, 'mallory');
    const { code, report, html } = await checks(...window());
    expect([code, report.verdict.standing]).toEqual([1, 'found']);
    expect(report.verdict.sentence).toContain('1 finding was open in that time, and still is.');
    expect(report.data.findings[0]).toMatchObject({
      closed: null,
      otherAnswers: 1,
      notified: [{ channel: 'sns' }],
    });
    expect(report.data.findings[0]?.answers.map(({ kind, by }) => [kind, by])).toEqual([
      ['ack', 'ada'],
      ['resolve', 'ada'],
    ]);
    expect(html).toMatch(
      /<article>[\s\S]*data-altered[\s\S]*open<\/span> when[\s\S]*&lt;i&gt;ack[\s\S]*&lt;i&gt;resolve[\s\S]*no named person has signed: 1[\s\S]*<\/article>/,
    );
    expect(html).not.toContain('<script>');
  });

  it('that a check closed is shown with who closed it, and one of before the window is not', async () => {
    await recordDays(world, 3);
    await world.report([findingAt('delete-marker', 'k2')]);
    await world.report([]);
    const { code, report } = await checks(...window());
    expect([code, report.verdict.standing]).toEqual([3, 'found']);
    expect(report.verdict.sentence).toContain('1 finding was open in that time, and is closed.');
    expect(report.data.findings[0]?.closed).toMatchObject({ check: 'full-pass' });
    const earlier = await checks(daysAgo(3), daysAgo(1));
    expect(earlier.report.data.findings).toEqual([]);
  });

  it('of a drill is counted apart', async () => {
    const [entry] = await world.report(
      [findingAt('malformed', 'k3')],
      chainScope({ chain: 'ledgerstone.drill', partition: 0 }),
    );
    for (const kind of ['ack', 'resolve']) await answer(kind, entry?.id as string, 'ada');
    await answer('resolve', entry?.id as string, 'mallory');
    const { report, html } = await checks(...window());
    expect(report.data.findings).toMatchObject([{ isDrill: true, notified: [{ channel: 'sns' }] }]);
    expect(report.verdict.sentence).toContain(
      'no finding of that time outside of drills is known; 1 of drills, 1 still open.',
    );
    expect(html).toMatch(/by ada \(key [^)]+\): &lt;i&gt;ack[\s\S]*by ada \(key [^)]+\): &lt;i&gt;resolve/);
    expect(html).not.toContain('by mallory');
    expect(html).toContain('None of that time is known.');
  });

  it('that the verifier has not signed is said to lie there, and makes no report whole', async () => {
    const dates = await recordDays(world, 4);
    const { mkdirSync } = await import('node:fs');
    const folder = world.at('attestations/findings/archive/fork/6d2f9b1f0c1d4a6e8b7a5c3d2e1f0a9b');
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/000000-closed.note`, '{}');
    const { code, report } = await checks(dates[2] as string, daysAgo(0));
    expect([code, report.verdict.standing, report.data.foreign]).toEqual([3, 'open', 1]);
  });
});
