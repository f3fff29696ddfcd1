// Does each attempt on the archive end as evidence: from CloudTrail through the rules of both accounts, queue and handler?
import { beforeEach, describe, expect, it } from 'vitest';
import { isOf } from '../../src/apps/cli/drill/look.ts';
import type { Act } from '../../src/apps/cli/drill/tamper.ts';
import { parseVerifierConfig } from '../../src/apps/verifier/config.ts';
import { makeVerifier } from '../../src/apps/verifier/edges.ts';
import { type FindingFile, parseFinding } from '../../src/apps/verifier/finding-file.ts';
import { answerEvent } from '../../src/apps/verifier/handler.ts';
import type { Verifier } from '../../src/apps/verifier/verifier.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { sqsRecord, storeOver } from '../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../support/verifier-world.ts';
import { ATTEMPTS, by, call, FROM, OTHERS, objectCall, REFUSED, STACKS, WORLD } from './account-events.ts';
import { ACCOUNT, only } from './synthesised.ts';

let world: VerifierWorld;
let verifier: Verifier;
let figures: Record<string, unknown>[];
let lines: string[];

beforeEach(() => {
  const { Environment } = only(STACKS.verifier, 'AWS::Lambda::Function').Properties as {
    Environment: { Variables: Record<string, string> };
  };
  const told = String(Environment.Variables['LEDGERSTONE_VERIFIER_CONFIG']);
  const config = parseVerifierConfig(told, 'environment', Environment.Variables);
  world = new VerifierWorld();
  figures = [];
  lines = [];
  const log = (_: object, message: string) => void lines.push(message);
  verifier = makeVerifier(
    // Nobody is to be called over the network.
    { ...config, alarms: { ...config.alarms, sns: null } },
    { archive: storeOver(world.builder.archive), own: world.store, signer: world.signer },
    {
      checker: portableChecker(nodeContentTools),
      log: { info: log, warn: log, error: log },
      clock: STILL,
      onFigures: (line) => void figures.push(JSON.parse(line)),
    },
  );
});

const deliver = (...events: readonly object[]) => {
  const Records = events.map((event, index) => sqsRecord(`m${index}`, event));
  return answerEvent(verifier, { Records }, () => 300_000);
};
const evidence = (): FindingFile[] =>
  world.store
    .keys()
    .filter((key) => key.startsWith('findings/') && key.endsWith('-open.json'))
    .map((key) => parseFinding(world.store.versionsOf(key)[0]?.bytes as Uint8Array));

/** The rules alone keep this one away: the verifier can't know the archiver's role by a name that CloudFormation made. */
const FOREIGN = OTHERS.filter(([what]) => what !== 'a lock that the archiver lengthens');

describe('an attempt that CloudTrail tells of', () => {
  it.each(ATTEMPTS)('%s: who, what, when, and from where', async (_, event) => {
    expect(await deliver(event)).toEqual({ batchItemFailures: [] });
    const { eventName, userIdentity } = event.detail as ReturnType<typeof call>['detail'] & {
      eventName: string;
    };
    const [file, ...more] = evidence();
    expect(more).toEqual([]);
    expect(file?.finding).toMatchObject({ code: 'access-attempt', severity: 'attempt' });
    const who = 'arn' in userIdentity ? userIdentity.arn : 'Root';
    expect(file?.finding.found).toMatch(
      new RegExp(`^${who} called ${eventName} on .+ at 2026-11-22T10:11:12`),
    );
    expect(file?.finding.found).toContain(`from ${FROM}`);
    expect(figures.at(-1)).toMatchObject({ Attempts: 1, FindingsBroken: 0 });
  });

  it('is no less of one among others in one batch', async () => {
    await deliver(...[...FOREIGN, ...ATTEMPTS].map(([, event]) => event));
    expect(evidence()).toHaveLength(ATTEMPTS.length);
    expect(figures.at(-1)).toMatchObject({ Attempts: ATTEMPTS.length });
  });

  it.each(FOREIGN)('is not: %s', async (_, event) => {
    expect(await deliver(event)).toEqual({ batchItemFailures: [] });
    expect(evidence()).toEqual([]);
    expect(lines.some((line) => line.startsWith('ignored: '))).toBe(true);
  });

  it('by a drill is known to that drill', async () => {
    const key = 'ledgerstone.drill/20261122T101112Z-0badcafe';
    const requestParameters = { bucketName: 'acme-audit', key: `prod/${key}`, versionId: 'null' };
    const drilled = { ...REFUSED, ...by(WORLD.arn('driller')), requestParameters };
    await deliver(objectCall('DeleteObject', drilled));
    const act: Act = {
      ...{ call: 'DeleteObject', key, versionId: null, refused: 'no', place: null, lockedUntilMs: null },
      ...{ atMs: Date.parse('2026-11-22T10:11:12.345Z'), startedMonotonicMs: 0 },
    };
    const [file] = evidence();
    expect(isOf(act, file?.finding as FindingFile['finding'], 'prod/')).toBe(true);
    expect(isOf({ ...act, key: `${key}x` }, file?.finding as FindingFile['finding'], 'prod/')).toBe(false);
  });

  it('on the second party itself counts as well', async () => {
    const { verifierKeyArn } = WORLD;
    const event = call('kms', { eventName: 'DisableKey', requestParameters: { keyId: verifierKeyArn } });
    const own = objectCall('DeleteObject', REFUSED, 'acme-attestations');
    const trail = call('cloudtrail', {
      eventName: 'StopLogging',
      requestParameters: { name: 'ledgerstone-verifier' },
    });
    await deliver(event, own, trail, { ...event, account: ACCOUNT });
    expect(evidence()).toHaveLength(3);
  });
});
