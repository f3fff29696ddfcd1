// Does each attempt on the archive end as evidence: from CloudTrail through the rules of both accounts, queue and handler?
import { beforeEach, describe, expect, it } from 'vitest';
import { isFindingOf } from '../../src/apps/cli/drill/ledger-poller.ts';
import type { DrillAct } from '../../src/apps/cli/drill/tamper.ts';
import type { FindingFile } from '../../src/verifier/findings/record.ts';
import { sqsRecord } from '../support/verifier-store.ts';
import { ATTEMPTS, by, call, FROM, OTHERS, objectCall, REFUSED, STACKS, WORLD } from './account-events.ts';
import { DeployedVerifier } from './deployed-verifier.ts';
import { ACCOUNT } from './synthesised.ts';

let deployed: DeployedVerifier;
beforeEach(() => {
  deployed = new DeployedVerifier(STACKS.verifier);
});

const deliver = (...events: readonly object[]) => {
  const Records = events.map((event, index) => sqsRecord(`m${index}`, event));
  return deployed.handle({ Records });
};

/** The rules alone keep this one away: the verifier can't know the archiver's role by a name that CloudFormation made. */
const FOREIGN = OTHERS.filter(([what]) => !what.startsWith('a lock that the archiver lengthens'));

describe('an attempt that CloudTrail tells of', () => {
  it.each(ATTEMPTS)('%s: who, what, when, and from where', async (_, event) => {
    expect(await deliver(event)).toEqual({ batchItemFailures: [] });
    const { eventName, userIdentity } = event.detail as ReturnType<typeof call>['detail'] & {
      eventName: string;
    };
    const [file, ...more] = deployed.evidence();
    expect(more).toEqual([]);
    expect(file?.finding).toMatchObject({ code: 'access-attempt', severity: 'attempt' });
    const who = 'arn' in userIdentity ? userIdentity.arn : 'Root';
    expect(file?.finding.found).toMatch(
      new RegExp(`^${who} called ${eventName} on .+ at 2026-11-22T10:11:12`),
    );
    expect(file?.finding.found).toContain(`from ${FROM}`);
    expect(deployed.figures.at(-1)).toMatchObject({ Attempts: 1, FindingsBroken: 0 });
  });

  it('is no less of one among others in one batch', async () => {
    await deliver(...[...FOREIGN, ...ATTEMPTS].map(([, event]) => event));
    expect(deployed.evidence()).toHaveLength(ATTEMPTS.length);
    expect(deployed.figures.at(-1)).toMatchObject({ Attempts: ATTEMPTS.length });
  });

  it.each(FOREIGN)('is not: %s', async (_, event) => {
    expect(await deliver(event)).toEqual({ batchItemFailures: [] });
    expect(deployed.evidence()).toEqual([]);
    expect(deployed.lines.some((line) => line.startsWith('ignored: '))).toBe(true);
  });

  it('by a drill is known to that drill', async () => {
    const key = 'ledgerstone.drill/20261122T101112Z-0badcafe';
    const requestParameters = { bucketName: 'acme-audit', key: `prod/${key}`, versionId: 'null' };
    const drilled = { ...REFUSED, ...by(WORLD.arn('driller')), requestParameters };
    await deliver(objectCall('DeleteObject', drilled));
    const act: DrillAct = {
      ...{ call: 'DeleteObject', key, versionId: null, refused: 'no', place: null, lockedUntilMs: null },
      ...{ atMs: Date.parse('2026-11-22T10:11:12.345Z'), startedMonotonicMs: 0 },
    };
    const [file] = deployed.evidence();
    expect(isFindingOf(act, file?.finding as FindingFile['finding'], 'prod/')).toBe(true);
    expect(isFindingOf({ ...act, key: `${key}x` }, file?.finding as FindingFile['finding'], 'prod/')).toBe(
      false,
    );
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
    expect(deployed.evidence()).toHaveLength(3);
  });
});
