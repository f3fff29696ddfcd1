// Does a full pass by many workers end with a verdict on all of it, or with none? The state machine of the template is
// followed, whatever happens to its workers.
import type { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { LedgerstoneStack } from '../../infra/ledgerstone-stack.ts';
import { VerifierStack } from '../../infra/verifier-stack.ts';
import { isOwnKey } from '../../src/verifier/own-keys.ts';
import { entries } from '../support/archive-builder.ts';
import { synthesiseUnderNag } from './checked.ts';
import { FannedWorld } from './fanned-world.ts';
import { GOOD_PUT } from './simulation.ts';
import { ofType, only } from './synthesised.ts';
import {
  ACTORS,
  type Actor,
  APART,
  bothStacks,
  NO_CODE,
  SECOND_ACCOUNT,
  twoPartyConfig,
  World,
} from './two-parties.ts';

const FANNED = APART.replace('logKey:', 'fanOut: { concurrency: 3, hours: 6, rangeSegments: 2 }\n  logKey:');
const { verifier } = bothStacks(FANNED);

function passWorld(): FannedWorld {
  const { Environment } = only(verifier, 'AWS::Lambda::Function', 'Passing').Properties as {
    Environment: { Variables: Record<string, string> };
  };
  return new FannedWorld(verifier, String(Environment.Variables['LEDGERSTONE_VERIFIER_CONFIG']));
}

/** Five segments of one chain and three of another: three ranges and two. */
async function grown(): Promise<FannedWorld> {
  const pass = passWorld();
  await pass.world.grow(5);
  const second = pass.world.builder.chain('payments', 3);
  for (let i = 0; i < 3; i++) await second.seal({ lines: entries(second.nextOffset, 3) });
  return pass;
}

const verified = { status: 'SUCCEEDED', output: { verdict: 'verified' } };
const named = (name: string): Error => Object.assign(new Error('as a test wants it'), { name });

describe('a pass that goes well', () => {
  it('ends with a signed report that says how far it looked', async () => {
    const pass = await grown();
    const ended = await pass.run('first');
    expect(ended).toMatchObject(verified);
    expect(pass.ranges()).toHaveLength(5);
    const [report] = pass.reports();
    expect(report).toMatchObject({
      ...{
        format: 'ledgerstone/full-pass/1',
        run: 'first',
        verdict: 'verified',
        findings: [],
        decisions: null,
      },
      coverage: { ranges: 5, gone: 0, chains: 2, seals: 8, dataObjects: 8, lines: 24 },
    });
    expect(report?.['chains']).toMatchObject([
      { chain: 'orders', size: 5, verdict: 'verified', checked: { lines: 15 } },
      { chain: 'payments', size: 3, verdict: 'verified', checked: { lines: 9 } },
    ]);
    expect(ended).toMatchObject({ output: { report: 'passes/full/001796032800-first.note' } });
    expect(pass.world.store.keys().filter((key) => !isOwnKey(key))).toEqual([]);
  });

  it('of an archive without a chain is not verified', async () => {
    const ended = await passWorld().run('empty');
    expect(ended).toMatchObject({ status: 'FAILED', error: 'NotVerified' });
  });

  it('covers what was sealed while it ran', async () => {
    const pass = await grown();
    const ended = await pass.run('growing', async (call, { fanOut }) => {
      const answer = await call();
      if (fanOut === 'plan') await pass.world.grow(3);
      return answer;
    });
    expect(ended).toMatchObject(verified);
    expect(pass.reports()[0]).toMatchObject({ coverage: { ranges: 5, seals: 11, lines: 33 } });
  });

  it('twice under one name gives the first report, and reads nothing twice', async () => {
    const pass = await grown();
    const first = await pass.run('same');
    const { reads } = pass.world.builder.archive.calls;
    expect(await pass.run('same')).toEqual(first);
    expect(pass.reports()).toHaveLength(1);
    expect(pass.ranges()).toHaveLength(5);
    // The join alone, which looks at the ends, and at keys and specification.
    expect(pass.world.builder.archive.calls.reads - reads).toBeLessThan(10);
  });
});

describe('what happens to workers', () => {
  it('a worker that dies before its end is tried again', async () => {
    const pass = await grown();
    const died = new Set<unknown>();
    const ended = await pass.run('dying', async (call, { fanOut, item }) => {
      if (fanOut === 'range' && !died.has(item?.index)) {
        died.add(item?.index);
        throw named('Lambda.Unknown');
      }
      return call();
    });
    expect(ended).toMatchObject(verified);
    expect(died.size).toBe(5);
  });

  it('an answer that is lost after its result was kept is asked for again', async () => {
    const pass = await grown();
    const lost = new Set<unknown>();
    const ended = await pass.run('losing', async (call, { fanOut, item }) => {
      const answer = await call();
      const which = `${fanOut}${item?.index}`;
      if (lost.has(which)) return answer;
      lost.add(which);
      throw named('Sandbox.Timedout');
    });
    expect(ended).toMatchObject(verified);
    expect(lost.size).toBe(7);
    expect(pass.ranges().flatMap((key) => pass.work.versionsOf(key))).toHaveLength(5);
    expect(pass.reports()).toHaveLength(1);
  });

  it('two workers of one range, and one that comes after the report: one result, one report', async () => {
    const pass = await grown();
    let late: unknown = null;
    const ended = await pass.run('racing', async (call, payload) => {
      if (payload.fanOut === 'range') late = payload;
      const [one] = await Promise.all([call(), payload.fanOut === 'range' ? call() : null]);
      return one;
    });
    expect(ended).toMatchObject(verified);
    const before = pass.work.keys();
    expect(await pass.function().answer(late, AbortSignal.timeout(60_000))).toEqual({ done: 1 });
    expect(pass.work.keys()).toEqual(before);
    expect(pass.ranges().flatMap((key) => pass.work.versionsOf(key))).toHaveLength(5);
  });

  it('a range that fails again and again ends the pass without a verdict, and a redrive makes the rest alone', async () => {
    const pass = await grown();
    const ended = await pass.run('stuck', async (call, { item }) => {
      if (item?.index === 2) throw named('out-of-time');
      return call();
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
    expect([pass.reports(), pass.ranges().length]).toEqual([[], 4]);
    const again: unknown[] = [];
    const { reads } = pass.world.builder.archive.calls;
    const redriven = await pass.run('stuck', async (call, { item }) => {
      if (item !== undefined) again.push(item?.index);
      return call();
    });
    expect(redriven).toMatchObject(verified);
    expect(pass.world.builder.archive.calls.reads - reads).toBeLessThan(25);
  });

  it('a map that says it is done while a range has no result has no verdict', async () => {
    const pass = await grown();
    const ended = await pass.run('holes', (call, { fanOut, item }) =>
      fanOut === 'range' && item?.index === 1 ? Promise.resolve({ done: 1 }) : call(),
    );
    expect(ended).toMatchObject({
      status: 'FAILED',
      cause: expect.stringContaining('1 of 5 ranges have no result: orders/0 from 2'),
    });
    expect(pass.reports()).toEqual([]);
  });

  it('a planner that is faster than another one is believed by both', async () => {
    const pass = await grown();
    const ended = await pass.run('planners', async (call, { fanOut }) => {
      if (fanOut !== 'plan') return call();
      const [, second] = await Promise.all([call(), pass.world.grow(1).then(call)]);
      return second;
    });
    expect(ended).toMatchObject(verified);
    expect(pass.work.keys().filter((key) => key.endsWith('plan.note'))).toHaveLength(1);
  });
});

describe('an archive that is not what was sealed', () => {
  it.each([
    ['a data object that was changed', 'dataKey', 'data-altered'],
    ['a seal that is gone', 'sealKey', 'sequence-gap'],
  ] as const)('%s fails the pass, with a report, a finding and its metric', async (_, which, code) => {
    const pass = await grown();
    const { archive } = pass.world.builder;
    const key = String(pass.world.made[2]?.[which]);
    if (which === 'sealKey') archive.remove(key);
    else archive.alter(key, (bytes) => bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)));
    const ended = await pass.run('broken');
    expect(ended).toMatchObject({ status: 'FAILED', error: 'NotVerified' });
    const [report] = pass.reports();
    expect(report).toMatchObject({ verdict: 'broken' });
    const codes = pass.found().map(({ finding, check }) => [check, finding.code]);
    expect(codes).toContainEqual(['full-pass', code]);
    expect(pass.figures.at(-1)).toMatchObject({ FindingsBroken: expect.any(Number) });
    expect(Number(pass.figures.at(-1)?.['FindingsBroken'])).toBeGreaterThan(0);
  });

  it('a chain that was cut off between its ranges and the join shows', async () => {
    const pass = await grown();
    const ended = await pass.run('cut', async (call, { fanOut }) => {
      if (fanOut === 'merge')
        for (const { sealKey, dataKey } of pass.world.made)
          for (const key of [sealKey, dataKey]) pass.world.builder.archive.remove(String(key));
      return call();
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'NotVerified' });
    expect(pass.found().map(({ finding }) => finding.code)).toContain('truncation');
  });

  it('another history that is put in the place of the first one shows where two ranges meet', async () => {
    const pass = passWorld();
    const other = pass.world.chain.copy();
    await pass.world.grow(4);
    const first = Promise.withResolvers<void>();
    const ended = await pass.run('fork', async (call, { fanOut, item }) => {
      if (fanOut === 'range' && item?.index === 0) return call().finally(() => first.resolve());
      if (fanOut === 'range') {
        await first.promise;
        for (const { sealKey, dataKey } of pass.world.made)
          for (const key of [sealKey, dataKey]) pass.world.builder.archive.remove(String(key));
        for (let i = 0; i < 4; i++) await other.seal({ lines: entries(other.nextOffset, 2) });
      }
      return call();
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'NotVerified' });
    expect(pass.found().map(({ finding }) => finding.code)).toContain('fork');
  });
});

describe('who else can write into the working store', () => {
  const put = (pass: FannedWorld, key: string, bytes: Uint8Array) =>
    pass.work.attacker.putVersion(key, bytes);

  it.each([
    ['a plan', 'runs/x/plan.note', 'plan'],
    ['a result', 'runs/x/ranges/000001.note', 'range'],
  ])('lays down %s that nobody signed: the pass stops there', async (_, key) => {
    const pass = await grown();
    put(pass, key, new TextEncoder().encode('{"format":"ledgerstone/fan-range/1"}\n'));
    const ended = await pass.run('x');
    expect(ended).toMatchObject({ status: 'FAILED' });
    expect(pass.reports()).toEqual([]);
  });

  it('takes a signed result of another range, or of another pass: neither counts', async () => {
    const pass = await grown();
    await pass.run('before');
    for (const from of ['runs/before/ranges/000000.note', 'runs/before/ranges/000001.note']) {
      const name = `after-${from.slice(-6, -5)}`;
      put(pass, `runs/${name}/ranges/000001.note`, pass.work.versionsOf(from)[0]?.bytes ?? new Uint8Array(0));
      expect(await pass.run(name)).toMatchObject({ status: 'FAILED' });
    }
    expect(pass.reports()).toHaveLength(1);
  });

  it('takes items out of the list: the join knows how many there are', async () => {
    const pass = await grown();
    const ended = await pass.run('short', async (call, { fanOut }) => {
      const answer = await call();
      const key = pass.work.keys().find((one) => one.includes('/items-'));
      if (fanOut === 'plan')
        pass.work.attacker.tamper(String(key), (bytes) =>
          new TextEncoder().encode(JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)).slice(0, 2))),
        );
      return answer;
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'LedgerstoneError' });
    expect(pass.reports()).toEqual([]);
  });

  it('gives a worker another range under a number: its result counts for neither', async () => {
    const pass = await grown();
    const ended = await pass.run('swapped', (call, payload) => {
      if (payload.fanOut !== 'range' || payload.item?.index !== 0) return call();
      const item = { ...payload.item, before: 1 };
      return pass.function().answer({ ...payload, item }, AbortSignal.timeout(60_000));
    });
    expect(ended).toMatchObject({
      status: 'FAILED',
      cause: expect.stringContaining('a result of another range'),
    });
  });

  it.each([
    {},
    { fanOut: 'plan' },
    { fanOut: 'plan', run: { name: '../x', startedAt: '2026-11-30T10:00:00.000Z' } },
    { fanOut: 'range', run: { name: 'x', startedAt: '2026-11-30T10:00:00.000Z' }, item: { index: 1e9 } },
    { fanOut: 'merge', run: { name: 'x', startedAt: 'now' } },
    { fanOut: 'merge', run: { name: 'x', startedAt: '2026-11-30T10:00:00.000Z' }, more: 1 },
  ])('sends the function a malformed event: %j', async (event) => {
    const pass = passWorld();
    await expect(pass.function().answer(event, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      code: 'usage',
    });
    expect(pass.work.keys()).toEqual([]);
  });
});

type Asking = readonly [
  what: string,
  action: string,
  resource: string,
  may: readonly Actor[],
  context?: Readonly<Record<string, string>>,
];

describe('who may do what for it', () => {
  const world = new World(bothStacks(FANNED));
  const everybody = [...ACTORS, 'fullPass'] as const;
  const bucket = `arn:aws:s3:::ledgerstone-full-pass-${SECOND_ACCOUNT}`;
  const result = `${bucket}/runs/a/ranges/000000.note`;
  const items = `${bucket}/runs/a/items-${'0'.repeat(64)}.json`;
  const goodResult = { ...GOOD_PUT, 's3:object-lock-remaining-retention-days': '30' };
  const second: readonly Actor[] = ['secondDeployer', 'secondAdmin', 'secondRoot'];
  const machine = world.ofVerifier('states', 'stateMachine:ledgerstone-full-pass');
  const worker = world.ofVerifier(
    'lambda',
    `function:${world.idOf('AWS::Lambda::Function', 'PassingFunction')}`,
  );
  const without = (name: string) =>
    Object.fromEntries(Object.entries(goodResult).filter(([key]) => key !== name));
  const asked: readonly Asking[] = [
    ['put a result', 's3:PutObject', result, ['verifier'], goodResult],
    ['put over a result', 's3:PutObject', result, [], without('s3:if-none-match')],
    ['put without a lock', 's3:PutObject', result, [], without('s3:object-lock-mode')],
    ['put elsewhere in it', 's3:PutObject', `${bucket}/x`, [], goodResult],
    ['delete a result', 's3:DeleteObject', result, []],
    ['delete a version of it', 's3:DeleteObjectVersion', result, []],
    ['read a result', 's3:GetObjectVersion', result, ['verifier', 'secondAuditor']],
    ['read the list of ranges', 's3:GetObject', items, ['verifier', 'secondAuditor', 'fullPass']],
    ['list results', 's3:ListBucketVersions', bucket, ['verifier', 'secondAuditor', ...second]],
    ['change its policy', 's3:PutBucketPolicy', bucket, ['secondBreakGlass', 'secondDeployer']],
    ['call a worker', 'lambda:InvokeFunction', worker, ['fullPass', ...second]],
    ['start a pass', 'states:StartExecution', machine, ['fullPass', ...second]],
    ['change the state machine', 'states:UpdateStateMachine', machine, second],
    [
      'stop a pass',
      'states:StopExecution',
      world.ofVerifier('states', 'execution:ledgerstone-full-pass:a'),
      ['fullPass', ...second],
    ],
    [
      'read an object of the archive',
      's3:GetObjectVersion',
      'arn:aws:s3:::acme-audit/prod/seals/topic=orders/partition=0/000000000041.tlog-proof',
      ['archiver', 'auditor', 'verifier', 'secondAuditor'],
    ],
    [
      'read an attestation',
      's3:GetObjectVersion',
      'arn:aws:s3:::acme-attestations/attestations/x',
      ['verifier', 'secondAuditor'],
    ],
    [
      'write a report',
      's3:PutObject',
      'arn:aws:s3:::acme-attestations/passes/full/1-a.note',
      ['verifier'],
      { ...GOOD_PUT, 's3:object-lock-remaining-retention-days': '2556' },
    ],
    [
      'sign as the verifier',
      'kms:Sign',
      world.verifierKeyArn,
      ['verifier'],
      { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' },
    ],
    ['take the role of the state machine', 'sts:AssumeRole', world.arn('fullPass'), []],
  ];
  const rows = asked.map(([what, action, resource, may, context = {}]) => ({
    ...{ what, may },
    request: { action, resource, context },
  }));

  it.each(rows)('$what', async ({ request, may }) => {
    expect(await world.whoMay(request, everybody)).toEqual(everybody.filter((actor) => may.includes(actor)));
  });

  it('a state machine that somebody has widened to everything neither writes nor signs', async () => {
    const stolen = new World(bothStacks(FANNED), { escalated: ['fullPass'] });
    const guarded = rows.filter(({ what }) => /^(put|delete|write|sign|change its|read an)/.test(what));
    for (const { what, request } of guarded)
      expect([what, await stolen.allows('fullPass', request)]).toEqual([what, false]);
    expect(guarded.length).toBeGreaterThan(8);
  });

  it('without the configuration there is no such thing', () => {
    const text = JSON.stringify(bothStacks(APART).verifier.resources);
    expect(text).not.toContain('StepFunctions');
    expect(text).not.toContain('full-pass-4444');
    expect(ofType(bothStacks(APART).verifier, 'AWS::Lambda::Function')).toHaveLength(1);
  });

  it('somebody hears of a pass that failed, was stopped or does not end', () => {
    const alarms = ofType(verifier, 'AWS::CloudWatch::Alarm').filter((one) =>
      JSON.stringify(one).includes('AWS/States'),
    );
    expect(alarms).toHaveLength(1);
    const text = JSON.stringify(alarms);
    for (const metric of ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'])
      expect(text).toContain(metric);
    expect(text).toContain(machine);
    const { DefinitionString } = only(verifier, 'AWS::StepFunctions::StateMachine').Properties;
    expect(JSON.parse(String(DefinitionString))).toMatchObject({ TimeoutSeconds: 21_600 });
  });

  it('cdk-nag finds nothing', () => {
    synthesiseUnderNag((app: App) => {
      const config = twoPartyConfig(FANNED);
      new LedgerstoneStack(app, config);
      new VerifierStack(app, config, NO_CODE);
    });
  });
});
