// While the log's key is changed: may the archiver sign with both, and nobody else with either? Both ways.
import { describe, expect, it } from 'vitest';
import { LedgerstoneStack } from '../../infra/ledgerstone-stack.ts';
import { bootstrapDeployer, namesOf } from '../../infra/names.ts';
import { resourceControlPolicy } from '../../infra/organisation.ts';
import { problemOf } from './checked.ts';
import { matches } from './event-pattern.ts';
import { type Document, decide, EVERYTHING, policiesOf } from './simulation.ts';
import {
  ACCOUNT,
  CONFIG,
  KEY_IDS,
  logKeyPolicy,
  ofType,
  REGION,
  type Synthesised,
  scratchApp,
  synthesise,
} from './synthesised.ts';
import { APART, bothStacks, LOG_KEY, twoPartyConfig, World } from './two-parties.ts';

const ALSO_KEY = LOG_KEY.replace(KEY_IDS.log, KEY_IDS.also);
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const GOVERNED = `${CONFIG}governance: { officers: ["${role('a')}"], approvers: ["${role('b')}"], keeper: { kind: ecs-task } }\n`;
const BEFORE = 'key: { also: { name: "2027" } }\n';
const AFTER = 'key: { name: "2027", also: {} }\n';
const [none, before, after] = ['', BEFORE, AFTER].map((key) => synthesise(GOVERNED + key)) as [
  Synthesised,
  Synthesised,
  Synthesised,
];

const OWN = [
  'archiver',
  'auditor',
  'key-admin',
  'break-glass',
  'officer',
  'approver',
  'hold-keeper',
] as const;
const DEPLOYER = `cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-${REGION}`;
const OTHERS = [DEPLOYER, 'Administrator', 'root', 'stranger'] as const;
type Who = (typeof OWN)[number] | (typeof OTHERS)[number];
const EVERYONE: readonly Who[] = [...OWN, ...OTHERS];
const isOwn = (who: Who) => OWN.includes(who as never);

const arnOf = (who: Who) => {
  if (who === 'root') return `arn:aws:iam::${ACCOUNT}:root`;
  if (who === 'stranger') return 'arn:aws:iam::999988887777:role/Administrator';
  return role(isOwn(who) ? `ledgerstone-${who}` : who);
};

/** `widened`: somebody gave each role's own policy everything. */
async function whoMay(stack: Synthesised, name: string, action: string, context = {}, widened = false) {
  const found: Who[] = [];
  for (const who of EVERYONE) {
    const principal = arnOf(who);
    const isAllowed = await decide({
      ...{ principal, principalAccount: String(principal.split(':')[4]), resourceAccount: ACCOUNT },
      ...{ action, resource: name === '' ? LOG_KEY : ALSO_KEY, context },
      identityPolicies:
        isOwn(who) && !widened ? policiesOf(stack, principal) : [{ name: 'all', policy: EVERYTHING }],
      resourcePolicy: logKeyPolicy(stack, name) as Document,
    });
    if (isAllowed) found.push(who);
  }
  return found;
}

const FORM = { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' };
const READERS: readonly Who[] = ['archiver', 'auditor', 'key-admin', 'break-glass', DEPLOYER];
const ROWS: readonly (readonly [action: string, context: object, may: readonly Who[]])[] = [
  ['kms:Sign', FORM, ['archiver']],
  ['kms:Sign', { ...FORM, 'kms:MessageType': 'DIGEST' }, []],
  ['kms:Sign', { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' }, []],
  ['kms:GetPublicKey', {}, READERS],
  ['kms:DescribeKey', {}, READERS],
  ['kms:GetKeyPolicy', {}, ['auditor', 'key-admin', 'break-glass', DEPLOYER]],
  ['kms:PutKeyPolicy', {}, ['break-glass', DEPLOYER]],
  ['kms:DisableKey', {}, ['break-glass']],
  ['kms:EnableKey', {}, ['break-glass']],
  ['kms:ScheduleKeyDeletion', {}, ['break-glass']],
  ['kms:TagResource', {}, ['key-admin', DEPLOYER]],
  ['kms:CancelKeyDeletion', {}, ['key-admin', 'break-glass']],
  ['kms:CreateGrant', {}, []],
];

describe.each([
  ['before the chains have it', before],
  ['after they have it', after],
])('%s', (_, stack) => {
  describe.each([
    ['the first key', ''],
    ['the second key', '2027'],
  ])('%s', (_name, name) => {
    it.each(ROWS)('%s %j: %j', async (action, context, may) => {
      // Who decides on a new key asks for its public half.
      const isAsked = name !== '' && may === READERS;
      const all = EVERYONE.filter((who) => may.includes(who) || (isAsked && who === 'officer'));
      expect(await whoMay(stack, name, action, context)).toEqual(all);
    });

    it('is signed with by the archiver alone, whatever the other roles may by their own policies', async () => {
      expect(await whoMay(stack, name, 'kms:Sign', FORM, true)).toEqual(['archiver']);
    });
  });
});

describe('the stack', () => {
  const keyIds = ({ resources }: Synthesised) =>
    Object.keys(resources).filter((id) => resources[id]?.Type === 'AWS::KMS::Key');

  it('has one log key while nothing is changed, whose public half officers do not see', async () => {
    expect(keyIds(none).filter((id) => id.startsWith('LogKey'))).toHaveLength(1);
    expect(none.outputs['AlsoLogKeyArn']).toBeUndefined();
    expect(await whoMay(none, '', 'kms:GetPublicKey')).not.toContain('officer');
  });

  it('keeps both keys when they change places, and names the one that signs', () => {
    expect(keyIds(before).toSorted()).toEqual(keyIds(after).toSorted());
    const arns = ({ outputs }: Synthesised) => [outputs['LogKeyArn']?.Value, outputs['AlsoLogKeyArn']?.Value];
    expect([arns(before), arns(after)]).toEqual([
      [LOG_KEY, ALSO_KEY],
      [ALSO_KEY, LOG_KEY],
    ]);
    expect(after.outputs['LedgerstoneYaml']?.Value).toContain(`keyId: ${ALSO_KEY}\n`);
  });

  it('never changes the policy of a key that is there: once sealed, no deployment could', () => {
    const [first, second] = ['', '2027'].map((name) => logKeyPolicy(before, name));
    expect([logKeyPolicy(none, ''), logKeyPolicy(after, '')]).toEqual([first, first]);
    const end = synthesise(`${GOVERNED}key: { name: "2027" }\n`);
    expect([logKeyPolicy(after, '2027'), logKeyPolicy(end, '2027')]).toEqual([second, second]);
  });

  it('keeps the second key alone in the end, and the first one is not deleted', () => {
    const end = synthesise(`${GOVERNED}key: { name: "2027" }\n`);
    const [id, second] = keyIds(end).filter((one) => one.startsWith('LogKey'));
    expect([id?.startsWith('LogKey2027'), second]).toEqual([true, undefined]);
    expect(end.outputs['LogKeyArn']?.Value).toBe(ALSO_KEY);
    for (const one of keyIds(before))
      expect(before.template.toJSON()).toHaveProperty(
        ['Resources', one, 'DeletionPolicy'],
        'RetainExceptOnCreate',
      );
  });

  it('exports both keys while they are changed, since the stack of the archiver takes one of them', () => {
    const exported = (key: string) => {
      const service = `archiverService: { image: { repository: "arn:aws:ecr:${REGION}:${ACCOUNT}:repository/ledgerstone", digest: "sha256:${'0'.repeat(64)}" }, vpc: vpc-0123, subnets: [subnet-0123], settings: { source: { kind: kafka, brokers: ["k:9092"], groupId: g, topics: [{ name: orders, retention: long }] }, retention: { long: { mode: COMPLIANCE, period: 2y } } } }\n`;
      const { outputs } = synthesise(`${GOVERNED}${key}${service}`);
      return Object.keys(outputs)
        .filter((name) => /^ExportsOutput.*LogKey/.test(name))
        .toSorted();
    };
    expect(exported(BEFORE)).toHaveLength(2);
    expect(exported(AFTER)).toEqual(exported(BEFORE));
  });

  it.each([
    ['the same name twice', 'key: { name: a, also: { name: a } }', 'key.also.name: must be another name'],
    ['a name that is no part of one', 'key: { name: a/b }', 'key.name: must be letters and digits'],
    [
      'an ARN of a key that is not there',
      null,
      'verifier.alsoLogKey: is the key of key.also, which is not there',
    ],
  ])('refuses %s', (_, key, problem) => {
    const text =
      key === null
        ? `${APART.trimEnd()}\n`.replace('  logKey:', `  alsoLogKey: ${ALSO_KEY}\n  logKey:`)
        : `${CONFIG}${key}\n`;
    expect(problemOf(text)).toContain(problem);
  });
});

describe('the second party', () => {
  const text = `${APART.replace('  logKey:', `  alsoLogKey: ${ALSO_KEY}\n  logKey:`)}${BEFORE}`;
  const stacks = bothStacks(text);
  const rules = ofType(stacks.archive, 'AWS::Events::Rule');
  const seen = (keyId: string, eventName: string, more: object = {}) =>
    rules.filter(({ EventPattern }) =>
      matches(EventPattern, {
        ...{ source: 'aws.kms', 'detail-type': 'AWS API Call via CloudTrail' },
        detail: { eventSource: 'kms.amazonaws.com', eventName, requestParameters: { keyId }, ...more },
      }),
    ).length;

  it.each([
    ['first', KEY_IDS.log],
    ['second', KEY_IDS.also],
  ])('is told of changes of the %s key, and of refused signatures', (_, id) => {
    for (const name of ['PutKeyPolicy', 'DisableKey', 'EnableKey', 'ScheduleKeyDeletion', 'CreateGrant'])
      expect([name, seen(id, name)]).toEqual([name, 1]);
    expect(seen(id, 'Sign', { errorCode: 'AccessDenied' })).toBe(1);
    expect(seen(id, 'Sign')).toBe(0);
    expect(seen('another', 'DisableKey')).toBe(0);
  });

  it('sees the public half of both, and signs with neither', async () => {
    const world = new World(stacks);
    for (const name of ['', '2027'])
      for (const actor of ['verifier', 'secondAuditor'] as const) {
        const ask = (action: string, context = {}) =>
          decide({
            ...{
              principal: world.arn(actor),
              principalAccount: world.secondAccount,
              resourceAccount: ACCOUNT,
            },
            ...{ action, resource: name === '' ? LOG_KEY : ALSO_KEY, context },
            identityPolicies: policiesOf(stacks.verifier, world.arn(actor)),
            resourcePolicy: logKeyPolicy(stacks.archive, name) as Document,
          });
        const found = [await ask('kms:GetPublicKey'), await ask('kms:Sign', FORM)];
        expect([name, actor, found]).toEqual([name, actor, [true, false]]);
      }
  });

  it('and the organisation lets the archiver alone sign with either, within the size of a policy', () => {
    const config = twoPartyConfig(text);
    const stack = new LedgerstoneStack(scratchApp(), config);
    const deployers = [bootstrapDeployer(stack), bootstrapDeployer(stack)].map(() => role(DEPLOYER));
    const rcp = resourceControlPolicy({ config, names: namesOf(stack, config), deployers });
    const about = rcp.Statement.filter(({ Action }) => Action.some((one) => one.startsWith('kms:')));
    expect(about).toHaveLength(2);
    for (const { Resource } of about) expect(Resource).toEqual([LOG_KEY, ALSO_KEY]);
    expect(JSON.stringify(rcp).length).toBeLessThan(5_120);
  });
});
