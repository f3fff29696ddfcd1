// Does a verifier that finds nothing keep every alarm quiet? Silence is breaching, so each figure must come often enough.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsLine } from '../../src/apps/verifier/emf.ts';
import { answerEvent } from '../../src/apps/verifier/handler.ts';
import { makeVerifier } from '../../src/apps/verifier/wiring.ts';
import { parseVerifierConfig } from '../../src/config/verifier.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { BUCKET, RecordingLog, storeOver } from '../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../support/verifier-world.ts';
import { isBreached, type OwnAlarm, ownAlarms, takesSilenceForAFault } from './own-alarms.ts';
import { schedules } from './schedule-times.ts';
import { APART, ATTESTATIONS, bothStacks } from './two-parties.ts';

const { verifier: stack } = bothStacks(APART);

type Schedule = { readonly task: string; readonly everySeconds: number };
const SCHEDULES = schedules(stack).map(
  ({ task, everyMinutes }): Schedule => ({ task, everySeconds: everyMinutes * 60 }),
);
const ALARMS = ownAlarms(stack).filter(takesSilenceForAFault);

const isQuiet = (alarm: OwnAlarm, value: number): boolean => !isBreached(alarm, value);

/** A bucket as the configuration check wants it. */
const SETTINGS: Readonly<Record<string, string>> = {
  'object-lock':
    '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
  versioning: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  publicAccessBlock: `<PublicAccessBlockConfiguration>${['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'].map((name) => `<${name}>true</${name}>`).join('')}</PublicAccessBlockConfiguration>`,
  policy: '{"Statement":[]}',
};
const server = createServer(({ url }, response) => {
  const name = Object.keys(SETTINGS).find((one) => url?.includes(one));
  response.writeHead(name === undefined ? 500 : 200, { date: new Date().toUTCString() });
  response.end(name === undefined ? '' : SETTINGS[name]);
});

beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
});
afterAll(() => new Promise((closed) => server.close(closed)));

/** What each scheduled task writes, one after the other, over an archive with so many segments. */
async function quietDay(
  segments: number,
  rounds = 2,
): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const world = new VerifierWorld();
  await world.grow(segments);
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const store = (bucket: string) => ({ kind: 's3', bucket, region: 'eu-central-1', endpoint });
  const config = parseVerifierConfig(
    JSON.stringify({
      archive: { store: store(BUCKET), trusted: world.builder.trusted.map((key) => encodeVkey(key)) },
      attestations: { store: store(ATTESTATIONS), retention: { mode: 'COMPLIANCE', period: '1y' } },
      cosigner: { name: 'verifier.example.com', signing: { kind: 'local', keyFile: 'x' } },
      chains: { freshness: '2h' },
    }),
    'test',
    {},
  );
  const figures: Record<string, unknown>[] = [];
  const verifier = makeVerifier(
    config,
    { archive: storeOver(world.builder.archive), own: world.store, signer: world.signer },
    {
      checker: portableChecker(nodeContentTools),
      log: new RecordingLog(),
      clock: STILL,
      onMetrics: (run, atMs) =>
        void figures.push(JSON.parse(metricsLine(config.alarms.metricsNamespace, run, atMs))),
    },
  );
  const written = new Map<string, Record<string, unknown>>();
  const tasks = ['confirm', ...SCHEDULES.map(({ task }) => task)];
  // Of the second round nothing is new.
  for (const task of Array.from({ length: rounds }, () => tasks).flat()) {
    await answerEvent(verifier, { task }, () => 600_000);
    written.set(task, figures.at(-1) ?? {});
  }
  return written;
}

describe('alarms that take silence for a fault', () => {
  it('are there, and so are schedules', () => {
    expect(ALARMS.map(({ MetricName }) => MetricName)).toContain('FindingsBroken');
    expect(SCHEDULES.length).toBeGreaterThan(4);
  });

  it.each(ALARMS)('$MetricName stays quiet over a sound archive', async (alarm) => {
    const day = await quietDay(3);
    const within = alarm.Period * alarm.EvaluationPeriods;
    const often = SCHEDULES.filter(({ everySeconds }) => everySeconds <= within);
    const values = often
      .map(({ task }) => day.get(task)?.[alarm.MetricName])
      .filter((one) => one !== undefined);
    expect(values.filter((value) => isQuiet(alarm, Number(value)))).not.toEqual([]);
    // No rarer task spoils it. Sums of what was confirmed count what others confirm, and may be 0 for one of them.
    for (const [task, figures] of day) {
      const value = figures[alarm.MetricName];
      if (alarm.MetricName === 'ChainsConfirmed' || value === undefined) continue;
      expect([task, isQuiet(alarm, Number(value))]).toEqual([task, true]);
    }
  });

  it.each(ALARMS)(
    '$MetricName is written where there is no chain yet',
    async ({ MetricName, Period, EvaluationPeriods }) => {
      const day = await quietDay(0);
      const often = SCHEDULES.filter(({ everySeconds }) => everySeconds <= Period * EvaluationPeriods);
      expect(often.map(({ task }) => day.get(task)?.[MetricName])).toContain(0);
    },
  );

  it('a task that looked at something says what it found, which is nothing', async () => {
    // In the first round there is something for each of them.
    const day = await quietDay(3, 1);
    for (const [task, figures] of day) {
      expect({ task, ...figures }).toMatchObject({
        ...{ FindingsBroken: 0, Unverifiable: 0, Attempts: 0, Notices: 0, NotificationsFailed: 0 },
      });
    }
  });
});
