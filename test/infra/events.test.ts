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
  settingCall,
  STACKS as stacks,
  WORLD as world,
} from './account-events.ts';
import { matches } from './event-pattern.ts';
import { ACCOUNT, BUCKET, KEY_IDS, type Synthesised } from './synthesised.ts';
import { ATTESTATIONS, bothStacks, SECOND_ACCOUNT, TOGETHER } from './two-parties.ts';

type Rule = { readonly id: string; readonly Properties: Readonly<Record<string, unknown>> };
const rulesOf = ({ resources }: Synthesised): Rule[] =>
  Object.entries(resources)
    .filter(([, { Type }]) => Type === 'AWS::Events::Rule')
    .map(([id, { Properties }]) => ({ id, Properties }));
const onBus = ({ Properties }: Rule) => Properties['EventBusName'] !== undefined;

const matching = (stack: Synthesised, event: unknown, bus = false) =>
  rulesOf(stack).filter((rule) => onBus(rule) === bus && matches(rule.Properties['EventPattern'], event));

const targetOf = ({ Properties }: Rule) => String((Properties['Targets'] as { Arn: string }[])[0]?.Arn);
const isQueue = (rule: Rule) => targetOf(rule).includes(':sqs:');

/** In the archive's account, on to the bus, and there where it belongs. */
const ends = (event: object): Rule[] =>
  matching(stacks.archive, event).length === 0
    ? []
    : matching(stacks.verifier, { ...event, account: ACCOUNT }, true);
const arrives = (event: object) => ends(event).some(isQueue);

const breakGlass = { requestParameters: { roleArn: world.arn('breakGlass') } };

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
  it.each([{}, REFUSED])('of the archive tells the topic (%j)', (more) => {
    const event = call('sts', { eventName: 'AssumeRole', ...more, ...breakGlass });
    expect(ends(event).map(targetOf)).toEqual([stacks.verifier.outputs['TopicArn']?.Value]);
  });

  it("of the verifier's account does too", () => {
    const requestParameters = { roleArn: world.arn('secondBreakGlass') };
    const event = call('sts', { eventName: 'AssumeRole', requestParameters });
    const found = matching(stacks.verifier, { ...event, account: SECOND_ACCOUNT });
    expect(found.map(targetOf)).toEqual([stacks.verifier.outputs['TopicArn']?.Value]);
  });

  it('is reported in a sentence, by a role that can only publish there', () => {
    const notices = rulesOf(stacks.verifier).filter((rule) => !isQueue(rule));
    expect(notices).toHaveLength(2);
    for (const { Properties } of notices) {
      const [target] = Properties['Targets'] as {
        RoleArn: string;
        InputTransformer: { InputTemplate: string };
      }[];
      expect(target?.InputTransformer.InputTemplate).toContain('took the role');
      expect(target?.RoleArn).toContain(`:iam::${SECOND_ACCOUNT}:role/`);
    }
  });
});

describe('the way', () => {
  it('every rule of the archive leads to the bus by the forwarder alone', () => {
    const bus = `arn:aws:events:eu-west-1:${SECOND_ACCOUNT}:event-bus/ledgerstone-verifier`;
    for (const { Properties } of rulesOf(stacks.archive)) {
      expect(Properties['Targets']).toEqual([{ Id: 'Bus', Arn: bus, RoleArn: world.arn('forwarder') }]);
    }
    expect(rulesOf(stacks.archive)).toHaveLength(7);
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
    expect(toQueue).toHaveLength(6);
  });

  it('is the same in one account', () => {
    const ids = (from: { archive: Synthesised; verifier: Synthesised }) =>
      [from.archive, from.verifier].map((stack) => rulesOf(stack).map(({ id }) => id));
    expect(ids(bothStacks(TOGETHER))).toEqual(ids(stacks));
  });
});
