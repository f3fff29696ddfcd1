// What the verifier learns from CloudTrail's files: calls of other Regions, and a trail that fell silent.
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerEvent } from '../../../src/apps/verifier/handler.ts';
import { makeVerifier } from '../../../src/apps/verifier/wiring.ts';
import { parseVerifierConfig } from '../../../src/config/verifier.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { isTrailFileKey, newestDigest } from '../../../src/verifier/events/trail-files.ts';
import { TrailRecords } from '../../../src/verifier/events/trail-records.ts';
import { parseFinding } from '../../../src/verifier/findings/record.ts';
import { checkConfiguration, type TrailFacts } from '../../../src/verifier/tasks/settings.ts';
import type { Verifier } from '../../../src/verifier/verifier.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import { NOW_MS } from '../../support/archive-builder.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { noteContent } from '../../support/note-signing.ts';
import { BUCKET, RecordingLog, sqsRecord, storeOver } from '../../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../../support/verifier-world.ts';

const RECORDS = 'acme-trail-444455556666';
const FOLDER = 'AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/22';
const KEY = `${FOLDER}/111122223333_CloudTrail_us-east-1_20261122T1015Z_AbCd.json.gz`;
const LOCK = { mode: 'COMPLIANCE', untilMs: NOW_MS + 86_400_000 } as const;

/** IAM's calls are recorded in us-east-1, whatever Region the archive is in. AssumeRole is a read-only call. */
const iam = {
  ...{ eventVersion: '1.11', eventSource: 'iam.amazonaws.com', eventName: 'UpdateAssumeRolePolicy' },
  ...{ eventTime: '2026-11-22T10:11:12Z', awsRegion: 'us-east-1', sourceIPAddress: '203.0.113.7' },
  ...{ userAgent: '[aws-cli/2.31.0]', readOnly: false, managementEvent: true, eventCategory: 'Management' },
  userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/admin/mallory' },
  requestParameters: { roleName: 'acme-archiver', policyDocument: '{}' },
  eventID: '00000000-0000-4000-8000-000000000001',
};
const sts = {
  ...{ ...iam, eventSource: 'sts.amazonaws.com', eventName: 'AssumeRole', readOnly: true },
  // Of a caller from another account CloudTrail says no more in the account of the role.
  userIdentity: { type: 'AWSAccount', principalId: 'AIDAEXAMPLE', accountId: '999988887777' },
  requestParameters: { roleArn: 'arn:aws:iam::111122223333:role/acme-break-glass', roleSessionName: 'x' },
  eventID: '00000000-0000-4000-8000-000000000002',
};
const fileOf = (...Records: readonly object[]) => gzipSync(JSON.stringify({ Records }));
const created = (key = KEY) => ({
  ...{ source: 'aws.s3', 'detail-type': 'Object Created', account: '444455556666' },
  detail: { bucket: { name: RECORDS }, object: { key } },
});

let nowMs: number;
const clock = { ...STILL, now: () => nowMs };
let world: VerifierWorld;
let records: MemoryStore;
let verifier: Verifier;
beforeEach(() => {
  nowMs = NOW_MS;
  world = new VerifierWorld();
  records = memoryStore({ clock });
  const config = parseVerifierConfig(
    JSON.stringify({
      archive: {
        store: { kind: 's3', bucket: BUCKET, region: 'eu-central-1' },
        trusted: world.builder.trusted.map((key) => encodeVkey(key)),
      },
      attestations: {
        store: { kind: 's3', bucket: 'attestations', region: 'eu-west-1' },
        retention: { mode: 'COMPLIANCE', period: '1y' },
      },
      cosigner: { name: 'verifier.example.com', signing: { kind: 'local', keyFile: 'x' } },
      attempts: {
        ...{ trails: ['acme-archive'], rules: ['acme-to-verifier-'], roles: ['acme-'] },
        breakGlass: ['acme-break-glass'],
        trailFiles: {
          store: { kind: 's3', bucket: RECORDS, region: 'eu-west-1' },
          from: ['111122223333/eu-central-1'],
        },
      },
    }),
    'test',
    {},
  );
  const clients = {
    archive: storeOver(world.builder.archive),
    own: world.store,
    signer: world.signer,
    trailFiles: records,
  };
  const checker = portableChecker(nodeContentTools);
  verifier = makeVerifier(config, clients, { checker, log: new RecordingLog(), clock });
});

const deliver = (...events: readonly object[]) =>
  answerEvent(
    verifier,
    { Records: events.map((event, index) => sqsRecord(`m${index}`, event)) },
    () => 300_000,
  );
const attempts = () => found().filter(({ code }) => code === 'access-attempt');
const found = () =>
  world.store
    .keys()
    .filter((key) => key.endsWith('-open.note'))
    .map((key) => parseFinding(noteContent(world.store.versionsOf(key)[0]?.bytes)).finding);

describe('a file of records', () => {
  it('tells of calls that another Region recorded, and of those that CloudTrail calls read-only', async () => {
    const other = { ...iam, eventID: 'x', requestParameters: { roleName: 'somebody-elses' } };
    await records.putIfAbsent(
      KEY,
      fileOf(iam, sts, other, { ...iam, eventName: 'GetRole', eventID: 'y' }),
      LOCK,
    );
    expect(await deliver(created())).toEqual({ batchItemFailures: [] });
    const texts = found().map(({ code, expected, found: text }) => `${code}: ${expected}; ${text}`);
    expect(texts).toHaveLength(2);
    expect(texts.toSorted()).toEqual([
      expect.stringContaining(
        'break-glass role is taken in an emergency only; somebody of account 999988887777 called AssumeRole on arn:aws:iam::111122223333:role/acme-break-glass at',
      ),
      expect.stringContaining('called UpdateAssumeRolePolicy on acme-archiver at 2026-11-22T10:11:12.000Z'),
    ]);
  });

  it('whose event was lost is read all the same, once, and not while its event is under way', async () => {
    nowMs = NOW_MS - 3_600_000;
    await records.putIfAbsent(KEY, fileOf(iam), LOCK);
    const configuration = () =>
      answerEvent(verifier, { task: 'configuration' }, () => 300_000).catch(() => {});
    const reads = () => records.log.filter(({ method, key }) => method === 'read' && key === KEY).length;
    nowMs = NOW_MS - 3_590_000;
    await configuration();
    expect([attempts().length, reads()]).toEqual([0, 0]);
    nowMs = NOW_MS;
    await configuration();
    await configuration();
    expect([attempts().length, reads()]).toEqual([1, 1]);
  });

  it('that is older is found by the long look, once a day, and at 3 o’clock also by a process that began then', async () => {
    const HOUR_MS = 3_600_000;
    const at3Ms = Date.parse('2026-11-23T03:10:00Z');
    nowMs = at3Ms - 30 * HOUR_MS;
    const key = KEY.replace('2026/11/22', '2026/11/21');
    await records.putIfAbsent(key, fileOf(iam), LOCK);
    const reads = () => records.log.filter(({ method }) => method === 'read').length;
    const run = async (files: TrailRecords) => {
      for await (const one of files.unread()) await files.report(one, verifier);
      return reads();
    };
    const started = () =>
      new TrailRecords(records, [{ account: '111122223333', region: 'eu-central-1' }], clock, HOUR_MS);
    const living = started();
    nowMs = at3Ms - 18 * HOUR_MS;
    expect(await run(living)).toBe(0);
    nowMs = at3Ms - HOUR_MS;
    expect(await run(started())).toBe(0);
    nowMs = at3Ms;
    expect([await run(living), await run(started())]).toEqual([1, 2]);
    nowMs += 20 * HOUR_MS;
    expect([await run(living), await run(started())]).toEqual([2, 2]);
    // A process that lives looks after a day, at whatever hour it is asked.
    const late = started();
    await run(late);
    nowMs += 25 * HOUR_MS;
    expect(await run(late)).toBe(3);
    // Behind seven days nobody looks.
    nowMs = at3Ms + 7 * 24 * HOUR_MS;
    expect(await run(started())).toBe(3);
  });

  it('is looked for as far back as the task is asked rarely', async () => {
    nowMs = NOW_MS - 30 * 3_600_000;
    await records.putIfAbsent(KEY.replace('2026/11/22', '2026/11/21'), fileOf(iam), LOCK);
    nowMs = NOW_MS;
    const home = { account: '111122223333', region: 'eu-central-1' };
    const keys: string[] = [];
    const rare = new TrailRecords(records, [home], clock, 24 * 3_600_000);
    for await (const key of rare.unread()) keys.push(key);
    expect(keys).toHaveLength(1);
  });

  it("of an organisation's trail is found as one of the account's own, and its digests count", async () => {
    const key = KEY.replace('AWSLogs/', 'AWSLogs/o-a1b2c3d4e5/');
    nowMs = NOW_MS - 3_600_000;
    await records.putIfAbsent(key, fileOf(iam), LOCK);
    await records.putIfAbsent(key.replace('111122223333', '999988887777'), fileOf(sts), LOCK);
    const digest = 'AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail-Digest/eu-central-1/2026/11/22/x.json.gz';
    await records.putIfAbsent(digest, new Uint8Array(1), LOCK);
    const laidMs = nowMs;
    nowMs = NOW_MS;
    await answerEvent(verifier, { task: 'configuration' }, () => 300_000).catch(() => {});
    expect(attempts().map(({ found: text }) => text)).toEqual([
      expect.stringContaining('called UpdateAssumeRolePolicy'),
    ]);
    const home = { account: '111122223333', region: 'eu-central-1' };
    expect(await newestDigest(records, home, nowMs)).toBe(laidMs);
  });

  it.each([
    ['records that are none', gzipSync(JSON.stringify({ Records: [null, iam] })), 1],
    ['no list of records', gzipSync('null'), 0],
    ['more records than are read', fileOf(iam, ...Array(100_000).fill({ ...iam, eventName: 'GetRole' })), 1],
  ])('with %s comes back, and becomes a dead letter', async (_, bytes, many) => {
    await records.putIfAbsent(KEY, bytes, LOCK);
    expect(await deliver(created())).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(attempts()).toHaveLength(many);
  });

  it('that EventBridge told of already adds nothing', async () => {
    await records.putIfAbsent(KEY, fileOf(iam), LOCK);
    await deliver({ 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.iam', detail: iam });
    await deliver(created());
    expect(found()).toHaveLength(1);
  });

  it.each([
    ['is not there', null],
    ['is no gzip', Buffer.from('{}')],
    ['is not JSON', gzipSync('{')],
  ])('that %s comes again, and no other message with it', async (_, bytes) => {
    if (bytes !== null) await records.putIfAbsent(KEY, bytes, LOCK);
    const there = KEY.replace('AbCd', 'EfGh');
    await records.putIfAbsent(there, fileOf(sts), LOCK);
    expect(await deliver(created(), created(there))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }],
    });
    expect(found()).toHaveLength(1);
  });

  it('has a name of its own: digests and objects of others are passed over', async () => {
    const digest = KEY.replace('/CloudTrail/', '/CloudTrail-Digest/');
    expect([KEY, digest, `x/${KEY}`, `${FOLDER}/x.json`].map(isTrailFileKey)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(await deliver(created(digest))).toEqual({ batchItemFailures: [] });
    expect(records.log.filter(({ method }) => method === 'read')).toEqual([]);
  });
});

describe('a trail', () => {
  const clock = new FakeClock();
  const digests = memoryStore({ clock });
  const home = { account: '111122223333', region: 'eu-central-1' };
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '/');

  it('is as new as its newest digest of yesterday and today, of its own account and Region', async () => {
    const put = (account: string, atMs: number) =>
      digests.putIfAbsent(
        `AWSLogs/${account}/CloudTrail-Digest/eu-central-1/${day(atMs)}/${atMs}.json.gz`,
        new Uint8Array(1),
        { mode: 'COMPLIANCE', untilMs: atMs + 86_400_000 },
      );
    expect(await newestDigest(digests, home, clock.now())).toBeNull();
    await put('999988887777', clock.now());
    expect(await newestDigest(digests, home, clock.now())).toBeNull();
    const atMs = clock.now();
    await put('111122223333', atMs);
    expect(await newestDigest(digests, home, atMs)).toBe(atMs);
    expect(await newestDigest(digests, home, atMs + 86_400_000)).toBe(atMs);
    expect(await newestDigest(digests, home, atMs + 2 * 86_400_000)).toBeNull();
  });

  it.each<[number | null, string[]]>([
    [0, []],
    [3 * 3_600_000, []],
    [3 * 3_600_000 + 1, ['the newest is 3 hours old']],
    [null, ['none of yesterday and today']],
  ])('silent for %j ms: %j', async (silentMs, said) => {
    const read = async (): Promise<TrailFacts> => ({ silentMs });
    const { findings } = await checkConfiguration([{ kind: 'trail', name: 'trail-1', read }]);
    expect(findings.map(({ code, key }) => `${code} ${key}`)).toEqual(
      said.map(() => 'configuration-drift config:trail-1/deliveries'),
    );
    for (const [index, text] of said.entries()) expect(findings[index]?.found).toContain(text);
  });
});
