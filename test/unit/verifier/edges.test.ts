// Is what the configuration names wired together: evidence in its own bucket, told once, closed when gone, and figures?
import { beforeEach, describe, expect, it } from 'vitest';
import { metricsLine } from '../../../src/apps/verifier/emf.ts';
import { answerEvent } from '../../../src/apps/verifier/handler.ts';
import { makeVerifier } from '../../../src/apps/verifier/wiring.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { parseVerifierConfig, type VerifierConfig } from '../../../src/config/verifier.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import type { PartitionMarks } from '../../../src/ingest/kafka/marks.ts';
import type { Verifier } from '../../../src/verifier/verifier.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import { NOW_MS } from '../../support/archive-builder.ts';
import { BUCKET, RecordingLog, s3Event, storeOver } from '../../support/verifier-store.ts';
import { VerifierWorld } from '../../support/verifier-world.ts';

let world: VerifierWorld;
let verifier: Verifier;
let config: VerifierConfig;
let lines: {
  readonly level: string;
  readonly message: string;
  readonly code?: string;
  readonly key?: string;
}[];
let figures: Record<string, unknown>[];
let nowMs: number;
let marks: PartitionMarks;
let tickMs: number;
let monotonicMs = 0;
const clock = {
  now: () => nowMs,
  monotonic: () => (monotonicMs += tickMs),
  sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
};

beforeEach(async () => {
  nowMs = NOW_MS;
  marks = { earliest: 0, end: 12 };
  tickMs = 0;
  world = new VerifierWorld();
  await world.grow(4);
  const [key] = world.builder.trusted;
  config = parseVerifierConfig(
    JSON.stringify({
      archive: {
        store: { kind: 's3', bucket: BUCKET, region: 'eu-central-1' },
        trusted: [encodeVkey(key as NonNullable<typeof key>)],
      },
      attestations: {
        store: { kind: 's3', bucket: 'attestations', region: 'eu-central-1' },
        retention: { mode: 'COMPLIANCE', period: '1y' },
      },
      cosigner: { name: 'verifier.example.com', signing: { kind: 'local', keyFile: 'x' } },
      chains: { freshness: '1h' },
      sweep: { leastLock: '1y' },
      kafka: { brokers: ['127.0.0.1:1'], topics: [{ name: 'orders' }] },
    }),
    'test',
    {},
  );
  lines = [];
  figures = [];
  const log = (level: string) => (fields: object, message: string) =>
    void lines.push({ ...fields, level, message });
  verifier = makeVerifier(
    config,
    { archive: storeOver(world.builder.archive, () => 0, clock), own: world.store, signer: world.signer },
    {
      checker: portableChecker(nodeContentTools),
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
      clock,
      onMetrics: (run, atMs) =>
        void figures.push(JSON.parse(metricsLine(config.alarms.metricsNamespace, run, atMs))),
      readMarks: async () => new Map([['orders', { kind: 'there', partitions: new Map([[0, marks]]) }]]),
    },
  );
});

const send = (event: unknown) => answerEvent(verifier, event, () => 600_000);
const evidence = () => world.store.keys().filter((key) => key.startsWith('findings/'));
const told = () =>
  lines.filter(({ message }) => message === 'finding').map(({ level, code }) => `${level} ${code}`);
const DATA = () => world.made[2]?.dataKey as string;

it("refuses the log's own key: one party is no second one", () => {
  const edges = { archive: storeOver(world.builder.archive), own: world.store, signer: world.signer };
  const trusted = [verifierKey('audit.example.com/prod', world.signer.publicKey, nodeSha256)];
  const make = () =>
    makeVerifier({ ...config, archive: { ...config.archive, trusted } }, edges, {
      checker: portableChecker(nodeContentTools),
      log: new RecordingLog(),
    });
  expect(make).toThrow("cosigner.signing is the log's own key");
});

describe('a finding', () => {
  it('is evidence, locked, in the own bucket, told once, and closed when it is gone', async () => {
    const good = world.builder.archive.bytesOf(DATA()) as Uint8Array;
    world.builder.archive.alter(DATA(), (bytes) => bytes.fill(7));
    for (let i = 0; i < 3; i++) await send({ task: 'confirm' });
    expect(told().filter((line) => line === 'error data-altered')).toHaveLength(1);
    const [key = ''] = evidence().filter((name) => name.includes('data-altered'));
    expect(key).toMatch(/^findings\/topic=orders\/partition=0\//);
    const [version] = world.store.versionsOf(key);
    expect(version?.lock).toMatchObject({ mode: 'COMPLIANCE' });
    expect(world.store.keys().some((name) => name.startsWith('attestations/'))).toBe(false);

    world.builder.archive.alter(DATA(), () => good);
    await send({ task: 'confirm' });
    expect(
      lines.filter(({ message, code }) => message === 'finding closed' && code === 'data-altered'),
    ).toHaveLength(1);
    expect(world.store.keys()).toContain('attestations/topic=orders/partition=0/000000000004.note');
    expect(figures.at(-1)).toMatchObject({
      FindingsBroken: 0,
      ChainsConfirmed: 1,
      SegmentsConfirmed: 4,
      EventsConfirmed: 12,
    });
    expect(figures[0]).toMatchObject({ ChainsConfirmed: 0 });
    expect(figures[0]?.['FindingsBroken']).toBeGreaterThan(0);
  });

  it('by a look at a key stays open while steps walk elsewhere', async () => {
    await send({ task: 'confirm' });
    const seal = world.made[0]?.sealKey as string;
    world.builder.archive.marker(seal);
    await send(s3Event(seal));
    await world.grow(1);
    await send({ task: 'confirm' });
    expect(told()).toEqual(['warn delete-marker']);
    expect(lines.some(({ message }) => message === 'finding closed')).toBe(false);
    expect(figures.at(-1)).toMatchObject({ Attempts: 1 });
  });

  it('is not closed by a run that did not come so far', async () => {
    await world.grow(40);
    const data = world.made[35]?.dataKey as string;
    const good = world.builder.archive.bytesOf(data) as Uint8Array;
    world.builder.archive.alter(data, (bytes) => bytes.fill(7));
    await send({ task: 'confirm' });
    expect(told()).toContain('error data-altered');
    // Half a second a look at the clock, in a run of three.
    tickMs = 500;
    const closed = () =>
      lines.filter(({ message, code }) => message === 'finding closed' && code === 'data-altered');
    await answerEvent(verifier, { task: 'confirm' }, () => 13_000);
    expect(world.store.keys().filter((key) => key.startsWith('attestations/'))).toHaveLength(1);
    expect(closed()).toEqual([]);
    tickMs = 0;
    world.builder.archive.alter(data, () => good);
    await send({ task: 'confirm' });
    expect(closed()).toHaveLength(1);
  });
});

describe('the tasks', () => {
  it('sweep finds what no event told of', async () => {
    world.builder.archive.put('readme.txt', new Uint8Array(1));
    await send({ task: 'sweep' });
    expect(told()).toContain('warn foreign-object');
    expect(lines.at(-1)).toMatchObject({ message: 'swept', isWhole: true });
  });

  it('sweep finds locks that are shorter than promised', async () => {
    const all = world.made.flatMap(({ sealKey, dataKey }) => [sealKey, dataKey as string]);
    for (const key of all) {
      world.builder.archive.setLock(key, { mode: 'COMPLIANCE', untilMs: NOW_MS + 30 * 86_400_000 });
    }
    await send({ task: 'sweep' });
    const of = (code: string) =>
      lines.filter((line) => line.message === 'finding' && line.code === code).map(({ key }) => key);
    expect(of('retention-short').toSorted()).toEqual(all.toSorted());
  });

  it('full-pass reads again what was attested, and sees what has changed since', async () => {
    await send({ task: 'confirm' });
    await send({ task: 'full-pass' });
    expect(lines.at(-1)).toMatchObject({
      message: 'read again',
      segments: 4,
      chains: [{ through: 4, isWhole: true }],
    });
    expect(figures.at(-1)).toMatchObject({ OldestRereadDays: 0 });
    world.builder.archive.alter(DATA(), (bytes) => bytes.fill(7));
    await send({ task: 'confirm' });
    expect(told()).toEqual([]);
    nowMs += 31 * 86_400_000;
    await send({ task: 'full-pass' });
    expect(told()).toContain('error data-altered');
  });

  it('freshness tells of a chain that stands still, once', async () => {
    await send({ task: 'freshness' });
    expect(lines.some(({ code }) => code === 'stale-chain')).toBe(false);
    nowMs += 2 * 3_600_000;
    for (let i = 0; i < 2; i++) await send({ task: 'freshness' });
    expect(lines.filter(({ message, code }) => message === 'finding' && code === 'stale-chain')).toHaveLength(
      1,
    );
    expect(figures.at(-1)).toMatchObject({ StaleChains: 1 });
    await world.chain.seal({ sealedMs: nowMs });
    await send({ task: 'freshness' });
    expect(
      lines.filter(({ message, code }) => message === 'finding closed' && code === 'stale-chain'),
    ).toHaveLength(1);
  });

  it('completeness tells of what the brokers let go of unsealed, until it is recorded as a gap', async () => {
    await send({ task: 'completeness' });
    expect(told()).toEqual([]);
    marks = { earliest: 20, end: 30 };
    for (let i = 0; i < 2; i++) await send({ task: 'completeness' });
    expect(told()).toEqual(['error offset-gap']);
    expect(figures.at(-1)).toMatchObject({ FindingsBroken: 1 });
    marks = { earliest: 12, end: 30 };
    await send({ task: 'completeness' });
    expect(lines.filter(({ message }) => message === 'finding closed')).toMatchObject([
      { code: 'offset-gap' },
    ]);
  });

  it('a trail tells of attempts', async () => {
    const detail = {
      ...{ eventVersion: '1.10', eventID: 'a1b2c3d4-0000-4000-8000-000000000001', eventName: 'DeleteObject' },
      ...{ eventSource: 's3.amazonaws.com', eventTime: '2026-11-22T10:30:00Z', awsRegion: 'eu-central-1' },
      ...{ errorCode: 'AccessDenied', sourceIPAddress: '203.0.113.7', userAgent: 'aws-cli' },
      userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/mallory' },
      requestParameters: { bucketName: BUCKET, key: DATA() },
      resources: [{ type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${BUCKET}` }],
    };
    await send({ 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.s3', detail });
    expect(lines.filter(({ message }) => message === 'finding')).toMatchObject([{ level: 'warn' }]);
    expect(JSON.stringify(lines)).toContain('mallory');
    expect(evidence().some((key) => key.startsWith('findings/access/date=2026-11-22/'))).toBe(true);
  });
});
