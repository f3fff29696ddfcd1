// Are the alarms quiet while all is well, and does each go off for what it is there for? On the lines that the verifier writes.
import { beforeEach, describe, expect, it } from 'vitest';
import { sqsRecord } from '../support/verifier-store.ts';
import { objectCall, REFUSED, STACKS } from './account-events.ts';
import { DeployedVerifier } from './deployed-verifier.ts';
import { isBreached, type OwnAlarm, ownAlarms, takesSilenceForAFault } from './own-alarms.ts';
import { APART, bothStacks } from './two-parties.ts';

const ALARMS = ownAlarms(STACKS.verifier);

type Line = {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly [
      { readonly Namespace: string; readonly Dimensions: string[][]; readonly Metrics: { Name: string }[] },
    ];
  };
  readonly [metric: string]: unknown;
};

let deployed: DeployedVerifier;
beforeEach(() => {
  deployed = new DeployedVerifier(STACKS.verifier);
});

/** As CloudWatch takes them out of the log: of that namespace, and without dimensions. */
function points({ MetricName, Namespace, Dimensions }: OwnAlarm): number[] {
  expect(Dimensions).toBeUndefined();
  return (deployed.figures as unknown as Line[]).flatMap((line) => {
    const [{ Namespace: into, Dimensions: by, Metrics }] = line._aws.CloudWatchMetrics;
    const isThere = into === Namespace && by.some((names) => names.length === 0);
    return isThere && Metrics.some(({ Name }) => Name === MetricName) ? [Number(line[MetricName])] : [];
  });
}

function goesOff(alarm: OwnAlarm): boolean {
  const found = points(alarm);
  if (found.length === 0) return takesSilenceForAFault(alarm);
  const value = alarm.Statistic === 'Sum' ? found.reduce((sum, one) => sum + one, 0) : Math.max(...found);
  return isBreached(alarm, value);
}
const ringing = () =>
  ALARMS.filter(goesOff)
    .map(({ MetricName }) => MetricName)
    .toSorted();

/** What the schedules ask for within a quarter of an hour. */
async function quarter(): Promise<void> {
  for (const task of ['confirm', 'freshness', 'confirm', 'confirm']) await deployed.handle({ task });
}
async function hour(): Promise<void> {
  await quarter();
  await deployed.handle({ task: 'sweep' });
  await deployed.handle({ task: 'full-pass' });
}

describe('the alarms on what the verifier writes', () => {
  it('all ring while it is dead', () => {
    expect(ringing()).toEqual([
      ...['Attempts', 'ChainsConfirmed', 'FindingsBroken', 'NotificationsFailed', 'OldestRereadDays'],
      ...['StaleChains', 'Unverifiable'],
    ]);
    // SweepLate and NoChains are quiet then: Broken and NothingConfirmed tell of it.
    expect(ALARMS).toHaveLength(9);
  });

  it('are quiet while all is well, with a figure for each', async () => {
    await deployed.world.grow(3);
    await hour();
    expect(ringing()).toEqual([]);
    for (const alarm of ALARMS)
      expect([alarm.MetricName, points(alarm).length > 0]).toEqual([alarm.MetricName, true]);
  });

  it('know how old the oldest reading is while the first pass still runs', async () => {
    await deployed.world.grow(20);
    await quarter();
    let looks = 0;
    await deployed.handle({ task: 'full-pass' }, () => (looks++ < 5 ? 300_000 : 10_000));
    expect(
      deployed.world.store.keys().filter((key) => /^passes\/.*\/0+[1-9].*\.note$/.test(key)),
    ).toHaveLength(1);
    expect(deployed.world.store.keys()).not.toContain(
      'passes/topic=orders/partition=0/000000/000000000020.note',
    );
    expect(ringing()).toEqual([]);
  });

  it('tell of altered data', async () => {
    await deployed.world.grow(3);
    await hour();
    await deployed.world.grow(1);
    deployed.world.builder.archive.alter(deployed.world.made[3]?.dataKey as string, (bytes) => bytes.fill(7));
    deployed.figures.length = 0;
    await hour();
    expect(ringing()).toEqual(['ChainsConfirmed', 'FindingsBroken']);
  });

  it('tell of an archive without a chain, new or taken away', async () => {
    await hour();
    expect(ringing()).toEqual(['Chains', 'ChainsConfirmed']);
    await deployed.world.grow(3);
    deployed.figures.length = 0;
    await hour();
    expect(ringing()).toEqual([]);
    const { archive } = deployed.world.builder;
    for (const key of archive.keys()) archive.remove(key);
    deployed.figures.length = 0;
    await hour();
    expect(ringing()).toEqual(['Chains', 'ChainsConfirmed', 'FindingsBroken', 'StaleChains']);
  });

  it('tell of an attempt', async () => {
    await deployed.world.grow(3);
    await hour();
    await deployed.handle({ Records: [sqsRecord('m', objectCall('DeleteObject', REFUSED))] });
    expect(ringing()).toEqual(['Attempts']);
  });

  it('tell of a bucket for attestations that can not be written', async () => {
    await deployed.world.grow(3);
    deployed.world.store.putIfAbsent = async () => {
      throw new Error('no such bucket');
    };
    for (const task of ['confirm', 'confirm', 'confirm']) await deployed.handle({ task }).catch(() => {});
    expect(ringing()).toContain('ChainsConfirmed');
  });
});

describe('two verifiers of one account and Region', () => {
  it('have metrics of their own: the silence of one is not hidden by the other', async () => {
    const other = bothStacks(APART.replace('origin:', 'stack: other\norigin:')).verifier;
    await deployed.world.grow(3);
    await hour();
    const heard = ownAlarms(other).filter((alarm) => points(alarm).length > 0);
    expect(heard).toEqual([]);
    expect(ownAlarms(other).filter(goesOff)).toHaveLength(7);
  });
});
