// Which events reach the verifier's queue, from either account, and which do not?
import { describe, expect, it } from 'vitest';
import { readEvent } from '../../src/verifier/events/work.ts';
import {
  ATTEMPTS,
  call,
  fromS3,
  HINTS,
  keyCall,
  OTHERS,
  objectCall,
  REFUSED,
  roleTaken,
  settingCall,
  STACKS as stacks,
  WORLD as world,
} from './account-events.ts';
import { ACCOUNT, BUCKET, KEY_IDS, only, type Synthesised } from './synthesised.ts';
import { isLogged, isMatched, type Rule } from './trail.ts';
import { ATTESTATIONS, bothStacks, SECOND_ACCOUNT, TOGETHER } from './two-parties.ts';

const rulesOf = ({ resources }: Synthesised): Rule[] =>
  Object.entries(resources)
    .filter(([, { Type }]) => Type === 'AWS::Events::Rule')
    .map(([id, { Properties }]) => ({ id, Properties }));
const onBus = ({ Properties }: Rule) => Properties['EventBusName'] !== undefined;

/** EventBridge has those calls only that a trail logs. What S3 itself says needs none. */
const isSeen = (stack: Synthesised, event: object): boolean => {
  const { detail } = event as { detail: { eventID?: string } };
  const trail = only(stack, 'AWS::CloudTrail::Trail').Properties;
  return detail.eventID === undefined || isLogged(trail as never, detail as never);
};
const matching = (stack: Synthesised, event: object, bus = false) =>
  bus || isSeen(stack, event)
    ? rulesOf(stack).filter((rule) => onBus(rule) === bus && isMatched(rule, event))
    : [];

const targetOf = ({ Properties }: Rule) => String((Properties['Targets'] as { Arn: string }[])[0]?.Arn);
const isQueue = (rule: Rule) => targetOf(rule).includes(':sqs:');

/** In the archive's account, on to the bus, and there where it belongs. */
const ends = (event: object): Rule[] =>
  matching(stacks.archive, event).length === 0
    ? []
    : matching(stacks.verifier, { ...event, account: ACCOUNT }, true);
const arrives = (event: object) => ends(event).some(isQueue);

describe('from the archive', () => {
  it.each([...HINTS, ...ATTEMPTS])('%s arrives, and the verifier reads it', (_, event) => {
    expect(arrives(event)).toBe(true);
    const work = readEvent({ ...event, account: ACCOUNT }, { bucket: BUCKET, prefix: 'prod/' });
    const isOutside = JSON.stringify(event).includes('elsewhere');
    expect(work.ignored.length).toBe(isOutside ? 1 : 0);
  });

  it.each(OTHERS)('%s does not', (_, event) => {
    expect(arrives(event)).toBe(false);
  });

  it('nothing arrives from a third account, whatever it says', () => {
    const event = { ...fromS3('Object Created'), account: '999988887777' };
    expect(matching(stacks.verifier, event, true)).toEqual([]);
    expect(matching(stacks.verifier, { ...event, account: ACCOUNT }, true)).toHaveLength(1);
  });
});

describe('from its own account', () => {
  const of = (event: object) => matching(stacks.verifier, { ...event, account: SECOND_ACCOUNT }).length;
  const ownKey = { requestParameters: { keyId: KEY_IDS.verifier } };

  it.each([
    ['a delete of an attestation', objectCall('DeleteObject', REFUSED, ATTESTATIONS)],
    ['a new policy', settingCall('PutBucketPolicy', {}, ATTESTATIONS)],
    ['a new policy of its key', keyCall('PutKeyPolicy', ownKey)],
  ])('%s arrives', (_, event) => {
    expect(of(event)).toBe(1);
  });

  it('what happens to the archive comes by the bus alone', () => {
    expect(of(objectCall('DeleteObject'))).toBe(0);
    expect(of(keyCall('PutKeyPolicy'))).toBe(0);
  });
});

describe('a break-glass role', () => {
  const topic = stacks.verifier.outputs['TopicArn']?.Value;
  const [taken, own] = [roleTaken(world.arn('breakGlass')), roleTaken(world.arn('secondBreakGlass'))];

  it.each([
    ['that was taken', taken],
    ['that was refused', roleTaken(world.arn('breakGlass'), REFUSED)],
    [
      // CloudTrail guide, cross-account example: no ARN in the account of the role.
      'that somebody of another account took',
      roleTaken(world.arn('breakGlass'), {
        userIdentity: { type: 'AWSAccount', principalId: 'AIDAEXAMPLE', accountId: '999988887777' },
      }),
    ],
    ['by SAML', roleTaken(world.arn('breakGlass'), { eventName: 'AssumeRoleWithSAML' })],
    [
      "or the account's root, by its organisation",
      call('sts', {
        eventName: 'AssumeRoot',
        readOnly: false,
        requestParameters: { targetPrincipal: ACCOUNT },
      }),
    ],
  ])('of the archive %s tells the topic and the verifier', (_, event) => {
    expect(ends(event).map(targetOf).toSorted()).toEqual([topic, expect.stringContaining(':sqs:')]);
  });

  it("of the verifier's account does too", () => {
    const found = matching(stacks.verifier, { ...own, account: SECOND_ACCOUNT });
    expect(found.map(targetOf).toSorted()).toEqual([topic, expect.stringContaining(':sqs:')]);
  });

  it('is a read-only call: no rule that is only enabled, and no trail of writes, would have it', () => {
    expect(taken.detail.readOnly).toBe(true);
    const asBefore = (stack: Synthesised) =>
      rulesOf(stack).filter((rule) =>
        isMatched({ ...rule, Properties: { ...rule.Properties, State: 'ENABLED' } }, taken),
      );
    expect(asBefore(stacks.archive)).toEqual([]);
    const writes = [
      { Field: 'eventCategory', Equals: ['Management'] },
      { Field: 'readOnly', Equals: ['false'] },
    ];
    expect(isLogged({ AdvancedEventSelectors: [{ FieldSelectors: writes }] }, taken.detail as never)).toBe(
      false,
    );
  });

  it('is reported in a sentence, by a role that can only publish there', () => {
    const notices = rulesOf(stacks.verifier).filter((rule) => !isQueue(rule));
    expect(notices).toHaveLength(2);
    for (const { Properties } of notices) {
      const [target] = Properties['Targets'] as {
        RoleArn: string;
        InputTransformer: { InputTemplate: string };
      }[];
      expect(target?.InputTransformer.InputTemplate).toContain(
        'of account <detail-userIdentity-accountId> called',
      );
      expect(target?.RoleArn).toContain(`:iam::${SECOND_ACCOUNT}:role/`);
    }
  });
});

describe('the way', () => {
  it('every rule of the archive leads to the bus by the forwarder alone', () => {
    const bus = `arn:aws:events:eu-west-1:${SECOND_ACCOUNT}:event-bus/ledgerstone-verifier`;
    for (const { Properties } of rulesOf(stacks.archive)) {
      expect(Properties['Targets']).toEqual([
        {
          ...{ Id: 'Bus', Arn: bus, RoleArn: world.arn('forwarder') },
          DeadLetterConfig: { Arn: expect.stringContaining(':ForwarderDeadLetters') },
        },
      ]);
    }
    expect(rulesOf(stacks.archive)).toHaveLength(8);
  });

  it('every rule of the verifier leads to the queue, and what the queue refuses is kept', () => {
    const toQueue = rulesOf(stacks.verifier).filter(isQueue);
    for (const { Properties } of toQueue) {
      expect(Properties['Targets']).toMatchObject([
        {
          Arn: expect.stringContaining(':EventsQueue'),
          DeadLetterConfig: { Arn: expect.stringContaining(':EventsDeadLetters') },
        },
      ]);
    }
    expect(toQueue).toHaveLength(9);
  });

  it('has rules whose names the verifier watches, and each sees read-only calls', () => {
    for (const [stack, prefix] of [
      [stacks.archive, 'ledgerstone-to-verifier-'],
      [stacks.verifier, 'ledgerstone-verifier-'],
    ] as const) {
      for (const { Properties } of rulesOf(stack)) {
        expect(Properties).toMatchObject({
          Name: expect.stringMatching(new RegExp(`^${prefix}[a-z-]+$`)),
          State: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
        });
      }
    }
  });

  it("of CloudTrail's files: records reach the queue, digests and other objects do not", () => {
    const put = (key: string, bucket = `ledgerstone-trail-${SECOND_ACCOUNT}`) =>
      matching(stacks.verifier, { ...fromS3('Object Created', key, bucket), account: SECOND_ACCOUNT });
    const folder = `AWSLogs/${ACCOUNT}/CloudTrail`;
    expect(put(`${folder}/us-east-1/2026/11/22/x.json.gz`).filter(isQueue)).toHaveLength(1);
    expect(put(`${folder}-Digest/us-east-1/2026/11/22/x.json.gz`)).toEqual([]);
    expect(put(`${folder}/us-east-1/2026/11/22/x.json.gz`, ATTESTATIONS)).toEqual([]);
  });

  it('is the same in one account', () => {
    const ids = (from: { archive: Synthesised; verifier: Synthesised }) =>
      [from.archive, from.verifier].map((stack) => rulesOf(stack).map(({ id }) => id));
    expect(ids(bothStacks(TOGETHER))).toEqual(ids(stacks));
  });
});
