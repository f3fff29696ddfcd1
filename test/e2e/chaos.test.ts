// Does every record survive what real servers and processes do, and would the harness see it if one did not?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processIdentity } from '../../localstack/native/identity.ts';
import { processesOf } from '../../localstack/native/process.ts';
import { until } from '../support/patience.ts';
import { describeWithMeans } from '../support/stack/global.ts';
import { type Chain, compare, type Excuses, type Sent } from './chaos/oracle.ts';
import { table } from './chaos/report.ts';
import { runChaos } from './chaos/run.ts';
import { SCENARIOS } from './chaos/scenarios.ts';

const SEED = 20_261_123;
/** Those that last a few seconds each; `npm run chaos` runs all of them, at length. */
const SHORT = ['sigkill', 'upgrade', 's3-cut', 'network', 'storm', 'transactions'];
const RECORDS = 10_000;
/** The later ones are left out after that, and said to be; these many run however slow the machine is. */
const BEGIN_WITHIN_MS = 1000 * Number(process.env['LEDGERSTONE_CHAOS_SECONDS'] ?? 60);
const LEAST = 2;

describe('the oracle of the chaos run', () => {
  const entry = (key: string, value: string) => ({ key, value });
  const chain = (entries: Record<number, ReturnType<typeof entry>>, nextOffset: number): Chain => ({
    partition: 0,
    entries: new Map(Object.entries(entries).map(([offset, one]) => [Number(offset), one])),
    gaps: [],
    nextOffset,
  });
  const acknowledged = [0, 1, 2].map((offset) => ({ partition: 0, offset, key: 'k', value: `1.${offset}` }));
  const sent: Sent = { acknowledged, mayBe: (value) => value === '1.3' };
  const none: Excuses = { haltedFrom: new Map(), gapReasons: new Set(), destroyed: () => false };
  const whole = { 0: entry('k', '1.0'), 1: entry('k', '1.1'), 2: entry('k', '1.2') };

  it('finds nothing in what is whole, with one more whose answer was lost', () => {
    const found = compare([chain({ ...whole, 3: entry('k', '1.3') }, 4)], sent, none);
    expect(found).toMatchObject({ archived: 4, lost: 0, doubled: 0, differing: 0, unacknowledged: 1 });
    expect(found.problems).toEqual([]);
  });

  it.each<[string, Chain, string]>([
    ['a lost record', chain({ 0: whole[0], 1: whole[1] }, 2), 'lost: 0/2 1.2'],
    ['a doubled one', chain({ ...whole, 3: entry('k', '1.1') }, 4), 'doubled: 1.1 at 0/1 and 0/3'],
    ['another value', chain({ ...whole, 1: entry('k', '1.9') }, 3), 'differs: 0/1 is k=1.9, was k=1.1'],
    ['another key', chain({ ...whole, 1: entry('x', '1.1') }, 3), 'differs: 0/1 is x=1.1, was k=1.1'],
    [
      'one that was never sent',
      chain({ ...whole, 3: entry('k', '7.7') }, 4),
      'holds 7.7, which was never sent',
    ],
    [
      'a gap that nothing explains',
      { ...chain(whole, 5), gaps: [{ offset: 3, last: 4, reason: 'expired' }] },
      'a expired gap from 0/3 to 4',
    ],
  ])('sees %s', (_, wrong, problem) => {
    expect(compare([wrong], sent, none).problems.join()).toContain(problem);
  });

  it('excuses what the scenario destroyed, and nothing that was sealed after a halt', () => {
    const halted: Excuses = { ...none, haltedFrom: new Map([[0, 2]]) };
    expect(compare([chain({ 0: whole[0], 1: whole[1] }, 2)], sent, halted)).toMatchObject({
      lost: 0,
      excused: 1,
      problems: [],
    });
    expect(compare([chain(whole, 3)], sent, halted).problems.join()).toContain(
      'halted at 2, and 3 was sealed',
    );
  });
});

describeWithMeans('a chaos run that is killed', { kafka: true, s3: true, native: true }, () => {
  it('leaves no process and no data', async () => {
    const main = join(import.meta.dirname, 'chaos', 'main.ts');
    const run = spawn(process.execPath, [main, '--scenario', 'network', '--short'], { stdio: 'ignore' });
    const own = `ledgerstone-stack.${processIdentity(run.pid as number)}.`;
    const dirs = () => readdirSync(realpathSync(tmpdir())).filter((name) => name.startsWith(own));
    const running = () => dirs().flatMap((name) => processesOf(join(realpathSync(tmpdir()), name)));
    try {
      await until(
        'three archivers',
        () => running().filter(({ name }) => name.startsWith('archiver-')).length === 3,
      );
    } finally {
      run.kill('SIGKILL');
      await once(run, 'exit');
    }
    await until('nothing is left', () => running().length === 0 && dirs().length === 0);
  });
});

describeWithMeans('chaos, for a few minutes', { kafka: true, s3: true, native: true }, () => {
  it('loses and doubles nothing', async () => {
    const { outcomes, logDir } = await runChaos(
      SCENARIOS.filter(({ name }) => SHORT.includes(name)),
      {
        seed: SEED,
        records: RECORDS,
        scale: 'short',
        begin: { withinMs: BEGIN_WITHIN_MS, least: LEAST },
        say: (line) => console.info(line),
      },
    );
    console.info(table(outcomes));
    expect(outcomes.length).toBeGreaterThanOrEqual(LEAST);
    expect(outcomes.map(({ problems }) => problems)).toEqual(outcomes.map(() => []));
    expect(logDir).toBeNull();
    for (const { comparison } of outcomes) {
      expect(comparison).toMatchObject({ lost: 0, doubled: 0, differing: 0 });
      expect(comparison?.acknowledged).toBeGreaterThanOrEqual(RECORDS);
    }
  });
});
