// Does every drift from what was promised show, and nothing else?
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketGuardStatements } from '../../../infra/bucket-policy.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { type BucketFacts, readBucketFacts } from '../../../src/store/bucket-facts.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { CONFIGURATION_SCOPE, type FindingFile } from '../../../src/verifier/findings/record.ts';
import { policyProblems } from '../../../src/verifier/tasks/bucket-policy.ts';
import { checkConfiguration, type KeyFacts, type Subject } from '../../../src/verifier/tasks/settings.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { NOTES } from '../../support/note-signing.ts';

const BUCKET = 'arn:aws:s3:::acme-audit';
const DENIALS = { bucketArn: BUCKET, prefix: 'prod/', minimumDays: 360, maximumDays: 3653 };
const role = (name: string) => [`arn:aws:iam::111122223333:role/${name}`];

type Statement = Record<string, unknown>;

/** The policy that infra/ deploys, with the denial that CDK adds for TLS. */
function deployed(): Statement[] {
  const guard = {
    ...{ bucketArn: BUCKET, minimumDays: 360, maximumDays: 3653 },
    ...{ writers: role('archiver'), readers: role('auditor'), guardians: role('break-glass') },
    keyPatterns: ['prod/seals/*', 'prod/data/*'],
  };
  const statements = bucketGuardStatements(guard).map((one) => one.toStatementJson() as Statement);
  const tls = {
    ...{ Effect: 'Deny', Principal: { AWS: '*' }, Action: 's3:*', Resource: [BUCKET, `${BUCKET}/*`] },
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  return [tls, ...statements];
}
const problemsOf = (statements: unknown, denials = DENIALS) =>
  policyProblems(JSON.stringify({ Version: '2012-10-17', Statement: statements }), denials).map(
    ({ name }) => name,
  );
const changed = (sid: string, change: (statement: Statement) => Statement | null) =>
  deployed().flatMap((statement) => (statement['Sid'] === sid ? (change(statement) ?? []) : statement));

describe('a bucket policy', () => {
  it('as infra deploys it keeps every promise', () => expect(problemsOf(deployed())).toEqual([]));

  it.each([
    ['NobodyDeletes', 'policy/deletes'],
    ['NobodyBypassesRetention', 'policy/bypass'],
    ['OnlyNewKeys', 'policy/overwrites'],
    ['OnlyComplianceLocks', 'policy/modes'],
    ['NoShortLocks', 'policy/short-locks'],
    ['NoLongLocks', 'policy/long-locks'],
    ['NoEventHolds', 'policy/event-holds'],
    ['OnlyGuardiansChangeSettings', 'policy/settings'],
  ])('without %s lacks %s', (sid, name) => {
    expect(problemsOf(changed(sid, () => null))).toEqual([name]);
    expect(problemsOf(changed(sid, (one) => ({ ...one, Effect: 'Allow', Principal: role('x') })))).toEqual([
      name,
    ]);
    expect(problemsOf(changed(sid, (one) => ({ ...one, Principal: { AWS: role('x') } })))).toEqual([name]);
    const weaker = { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'x' } } };
    expect(problemsOf(changed(sid, (one) => ({ ...one, ...weaker })))).toEqual([name]);
    expect(problemsOf(changed(sid, (one) => ({ ...one, Resource: `${BUCKET}/other/*` })))).toEqual([name]);
  });

  it('without TLS lacks policy/transport', () => {
    expect(problemsOf(deployed().slice(1))).toEqual(['policy/transport']);
  });

  it.each([
    ['deletes one version only', 'NobodyDeletes', { Action: 's3:DeleteObjectVersion' }, 'policy/deletes'],
    [
      'has shorter locks',
      'NoShortLocks',
      { Condition: { NumericLessThan: { 's3:object-lock-remaining-retention-days': '30' } } },
      'policy/short-locks',
    ],
    [
      'excepts everybody',
      'OnlyGuardiansChangeSettings',
      { Condition: { ArnNotEquals: { 'aws:PrincipalArn': ['arn:aws:iam::1:role/*'] } } },
      'policy/settings',
    ],
    [
      'excepts some by name',
      'NobodyDeletes',
      { Principal: undefined, NotPrincipal: { AWS: 'x' } },
      'policy/deletes',
    ],
    [
      'denies all but some actions',
      'NobodyDeletes',
      { Action: undefined, NotAction: 's3:Get*' },
      'policy/deletes',
    ],
  ])('that %s is found', (_, sid, change, name) => {
    expect(problemsOf(changed(sid, (one) => ({ ...one, ...change })))).toEqual([name]);
  });

  it('of another partition is read alike', () => {
    const china = JSON.parse(JSON.stringify(deployed()).replaceAll('arn:aws:', 'arn:aws-cn:'));
    expect(problemsOf(china)).toEqual([]);
  });

  it('that denies more is as good', () => {
    const harder = changed('OnlyNewKeys', ({ Condition: _, ...one }) => one);
    expect(problemsOf(harder)).toEqual([]);
    const all = { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' };
    expect(problemsOf(all)).toEqual([]);
  });

  it.each([
    [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `${BUCKET}/*` }],
    [{ Effect: 'Allow', Principal: { AWS: ['x', '*'] }, Action: 's3:*', Resource: '*' }],
    [{ Effect: 'Allow', NotPrincipal: { AWS: 'x' }, Action: 's3:*', Resource: '*' }],
  ])('that allows something to everybody is found: %j', (statement) => {
    expect(problemsOf([...deployed(), statement])).toEqual(['policy/public']);
  });

  it('may allow something to everybody of an account, for that is a condition', () => {
    const Condition = { StringEquals: { 'aws:PrincipalAccount': '111122223333' } };
    const allow = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*', Condition };
    expect(problemsOf([...deployed(), allow])).toEqual([]);
  });

  it('that denies for one key only denies too little', () => {
    const narrow = { Resource: `${BUCKET}/prod/any/key` };
    expect(problemsOf(changed('NobodyDeletes', (one) => ({ ...one, ...narrow })))).toEqual([
      'policy/deletes',
    ]);
  });

  it.each([null, '', '{', 'null', '[]', '{"Statement":7}'])('%j is no policy', (text) => {
    expect(policyProblems(text, DENIALS).map(({ name }) => name)).toEqual(['policy']);
  });

  it('may be anything', () => {
    const pattern = { Effect: 'Deny', Principal: '*', Resource: '*', Action: '*a'.repeat(2000) };
    expect(problemsOf(pattern).length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.json(), fc.array(fc.dictionary(fc.string(), fc.jsonValue())), (text, statements) => {
        policyProblems(text, DENIALS);
        problemsOf(statements);
      }),
      { numRuns: 200 },
    );
  });
});

const known = <T>(value: T) => ({ known: true, value }) as const;
const GOOD: BucketFacts = {
  objectLock: known({ enabled: true, mode: 'COMPLIANCE', days: 365 }),
  versioning: known('Enabled'),
  openToPublic: known([]),
  policy: known(JSON.stringify({ Statement: deployed() })),
};
const bucket = (facts: Partial<BucketFacts> | Error, name = 'archive'): Subject => ({
  ...{ kind: 'bucket', name, promised: { defaultDays: 365, denials: DENIALS } },
  read: async (): Promise<BucketFacts> => {
    if (facts instanceof Error) throw facts;
    return { ...GOOD, ...facts };
  },
});
const key = (facts: KeyFacts): Subject => ({
  ...{ kind: 'key', name: 'log-key', promised: [new Uint8Array([1, 2])] },
  read: async () => facts,
});
const drift = async (...subjects: Subject[]) =>
  (await checkConfiguration(subjects)).findings.map(({ code, key: of, found }) => `${code} ${of}: ${found}`);

describe('settings', () => {
  it('as promised are no findings', async () => {
    const enabled = { state: 'Enabled', spki: new Uint8Array([1, 2]) };
    expect(await drift(bucket({}), bucket({}, 'attestations'), key(enabled))).toEqual([]);
  });

  it.each<[string, Partial<BucketFacts>]>([
    [
      'object-lock: off: anybody with delete rights can delete the archive',
      { objectLock: known({ enabled: false, mode: null, days: null }) },
    ],
    ['object-lock/default: none', { objectLock: known({ enabled: true, mode: null, days: null }) }],
    [
      'object-lock/default: GOVERNANCE, 365 days',
      { objectLock: known({ enabled: true, mode: 'GOVERNANCE', days: 365 }) },
    ],
    [
      'object-lock/default: COMPLIANCE, 364 days',
      { objectLock: known({ enabled: true, mode: 'COMPLIANCE', days: 364 }) },
    ],
    ['versioning: Suspended', { versioning: known('Suspended') }],
    ['versioning: never enabled', { versioning: known(null) }],
    ['public-access: BlockPublicAcls off', { openToPublic: known(['BlockPublicAcls']) }],
    ['policy: no bucket policy', { policy: known(null) }],
  ])('%s', async (found, facts) => {
    expect(await drift(bucket(facts))).toEqual([`configuration-drift config:archive/${found}`]);
  });

  it('of the key', async () => {
    expect(await drift(key({ state: 'disabled', spki: null }))).toEqual([
      'configuration-drift config:log-key/state: disabled',
    ]);
    expect(await drift(key({ state: 'Enabled', spki: new Uint8Array([9]) }))).toEqual([
      'configuration-drift config:log-key/public-key: SPKI 09…',
    ]);
  });
});

describe('what can not be read', () => {
  it('is said, closes nothing of its own, and hinders nothing else', async () => {
    const clock = new FakeClock();
    const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: 86_400_000 } } as const;
    const verifier = { name: 'v', version: '1' };
    const store = memoryStore({ clock });
    const ledger = new Ledger({
      ...NOTES,
      store,
      retention,
      clock,
      sha256: nodeSha256,
      verifier,
      channels: [],
    });
    const run = async (...subjects: Subject[]) => {
      const { findings, complete } = await checkConfiguration(subjects);
      const reported = await ledger.report(CONFIGURATION_SCOPE, findings, {
        check: 'configuration',
        complete,
      });
      const keys = (entries: typeof reported.opened) => entries.map(({ file }) => file.finding.key).sort();
      return [keys(reported.opened), keys(reported.closed)];
    };
    const why = { known: false, why: 'not permitted' } as const;
    const worse = { versioning: known('Suspended'), openToPublic: known(['BlockPublicAcls']) };
    expect(await run(bucket(worse), bucket(worse, 'attestations'))).toEqual([
      [
        'config:archive/public-access',
        'config:archive/versioning',
        'config:attestations/public-access',
        'config:attestations/versioning',
      ],
      [],
    ]);
    expect(await run(bucket({ versioning: why }), bucket(new Error('away'), 'attestations'))).toEqual([
      ['config:archive/versioning', 'config:attestations/'],
      ['config:archive/public-access'],
    ]);
    expect(await run(bucket({}), bucket({}, 'attestations'))).toEqual([
      [],
      [
        'config:archive/versioning',
        'config:archive/versioning',
        'config:attestations/',
        'config:attestations/public-access',
        'config:attestations/versioning',
      ],
    ]);
  });
});

describe('a bucket that is asked over the wire', () => {
  let answers: Readonly<Record<string, readonly [number, string]>> = {};
  const server = createServer((request, response) => {
    const name = Object.keys(answers).find((one) => request.url?.includes(one));
    const [status, body] = name === undefined ? [500, ''] : (answers[name] as [number, string]);
    response.writeHead(status, { date: new Date().toUTCString() }).end(body);
  });
  beforeAll(() => new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready)));
  afterAll(() => new Promise((closed) => server.close(closed)));
  const read = () => {
    const { port } = server.address() as AddressInfo;
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const endpoint = `http://127.0.0.1:${port}`;
    const options = { bucket: 'acme', region: 'eu-central-1', prefix: '', endpoint, credentials };
    return readBucketFacts({ ...options, attemptsMax: 1 });
  };
  const error = (code: string) =>
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`;

  it('answers with its settings', async () => {
    answers = {
      'object-lock': [
        200,
        '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>2</Years></DefaultRetention></Rule></ObjectLockConfiguration>',
      ],
      versioning: [200, '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'],
      publicAccessBlock: [
        200,
        '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>',
      ],
      policy: [200, '{"Statement":[]}'],
    };
    expect(await read()).toEqual({
      objectLock: known({ enabled: true, mode: 'COMPLIANCE', days: 730 }),
      versioning: known('Enabled'),
      openToPublic: known(['BlockPublicPolicy']),
      policy: known('{"Statement":[]}'),
    });
  });

  it('a default event hold locks without an end: that is a finding', async () => {
    answers = {
      'object-lock': [
        200,
        '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days><DefaultEventHold><Years>3</Years></DefaultEventHold></DefaultRetention></Rule></ObjectLockConfiguration>',
      ],
      versioning: [200, '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'],
      publicAccessBlock: [403, error('AccessDenied')],
      policy: [404, error('NoSuchBucketPolicy')],
    };
    const facts = await read();
    expect(facts.objectLock).toEqual(known({ enabled: true, mode: 'COMPLIANCE', days: 30, eventHold: true }));
    const promised = { defaultDays: 30, denials: null };
    const { findings } = await checkConfiguration([
      { kind: 'bucket', name: 'archive', promised, read: async () => facts },
    ]);
    expect(findings[0]).toMatchObject({
      code: 'configuration-drift',
      key: 'config:archive/object-lock/event-hold',
    });
  });

  it('tells "there is none" from "you may not know"', async () => {
    answers = {
      'object-lock': [404, error('ObjectLockConfigurationNotFoundError')],
      versioning: [403, error('AccessDenied')],
      publicAccessBlock: [404, error('NoSuchPublicAccessBlockConfiguration')],
      policy: [404, error('NoSuchBucketPolicy')],
    };
    const facts = await read();
    expect(facts).toMatchObject({
      objectLock: known({ enabled: false }),
      versioning: { known: false },
      policy: known(null),
    });
    expect(facts.openToPublic.known && facts.openToPublic.value?.length).toBe(4);
  });

  it('of a server without public access blocks: no finding, and one for what it must have', async () => {
    answers = {
      'object-lock': [501, error('NotImplemented')],
      versioning: [200, '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'],
      publicAccessBlock: [501, error('NotImplemented')],
      policy: [501, error('NotImplemented')],
    };
    const facts = await read();
    expect(facts.openToPublic).toEqual(known(null));
    const subject: Subject = {
      ...{ kind: 'bucket', name: 'archive', read },
      promised: { defaultDays: null, denials: null },
    };
    const { findings } = await checkConfiguration([subject]);
    expect(findings.map(({ key, found }) => [key, found?.includes('does not know the call')])).toEqual([
      ['config:archive/object-lock', true],
    ]);
  });

  it('of another account: its policy is hidden, which is a finding that says what to do, and hinders nothing else', async () => {
    answers = {
      'object-lock': [200, '<ObjectLockConfiguration />'],
      versioning: [200, '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>'],
      publicAccessBlock: [403, error('AccessDenied')],
      // What S3 answers to who may see it and belongs to another account than the bucket.
      policy: [405, error('MethodNotAllowed')],
    };
    const promised = { defaultDays: null, denials: DENIALS };
    const subject: Subject = { kind: 'bucket', name: 'archive', promised, read };
    const { findings, complete } = await checkConfiguration([subject]);
    const codes = findings.map(({ code, key: of }) => `${code} ${of}`);
    expect(codes).toEqual([
      'configuration-drift config:archive/object-lock',
      'configuration-drift config:archive/versioning',
      'unreadable config:archive/public-access',
      'unreadable config:archive/policy',
    ]);
    expect(findings[2]?.found).toContain('Allow s3:GetBucketPublicAccessBlock');
    expect(findings[3]?.found).toMatch(/account that owns the bucket.*configuration\.denies/);
    expect(findings[3]?.found).not.toContain('delete marker');
    const file = { check: 'configuration', finding: { key: 'config:archive/policy/deletes' } } as FindingFile;
    expect(complete(file)).toBe(false);
  });
});
