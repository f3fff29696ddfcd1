// Do the organisation's policies stand above every administrator and root, and let the two parties work?
import { describe, expect, it } from 'vitest';
import { LedgerstoneStack } from '../../infra/ledgerstone-stack.ts';
import { bootstrapDeployer, namesOf } from '../../infra/names.ts';
import {
  type OrganisationPolicy,
  resourceControlPolicy,
  serviceControlPolicy,
} from '../../infra/organisation.ts';
import { ACCOUNT, REGION, scratchApp } from './synthesised.ts';
import {
  ACTORS,
  type Actor,
  APART,
  bothStacks,
  LOG_KEY,
  SECOND_ACCOUNT,
  SECOND_REGION,
  twoPartyConfig,
  World,
} from './two-parties.ts';
import { ARCHIVE_ROWS, ATTESTATION_ROWS, LOG_KEY_ROWS, type Row, recordRows } from './two-party-requests.ts';

const config = twoPartyConfig(APART);
const archive = new LedgerstoneStack(scratchApp(), config);
const deployers = [
  bootstrapDeployer(archive, { partition: 'aws', account: ACCOUNT, region: REGION }),
  bootstrapDeployer(archive, { partition: 'aws', account: SECOND_ACCOUNT, region: SECOND_REGION }),
];
const props = { config, names: namesOf(archive, config), deployers };
const rcp = resourceControlPolicy(props);
const scp = serviceControlPolicy(props);
const allowAll = { Effect: 'Allow', Principal: { AWS: '*' }, Action: '*', Resource: '*' };

/** Bucket and key policies replaced by one that allows everything, as an account's root may do. */
const opened = (organisation: { rcp?: OrganisationPolicy; scp?: OrganisationPolicy }) =>
  new World(bothStacks(APART), { alter: () => [allowAll], organisation });
const guarded = opened({ rcp });
const rows = [...ARCHIVE_ROWS, ...ATTESTATION_ROWS, ...LOG_KEY_ROWS, ...recordRows(guarded)];
const about = (pattern: RegExp): readonly Row[] => rows.filter(({ what }) => pattern.test(what));

describe('the resource control policy', () => {
  it.each(
    about(
      /: (s3:DeleteObject|s3:DeleteObjectVersion|s3:Bypass|shorten|lock for over|hold until)|put (a day too short|over ten|with an event)/,
    ).map((row) => [row.what, row] as const),
  )('%s: nobody, though the bucket allows it to everybody', async (_, { request }) => {
    expect(await guarded.whoMay(request)).toEqual([]);
    expect(await opened({}).whoMay(request)).toContain('root');
  });

  it.each<[string, RegExp, readonly Actor[]]>([
    ['write into the archive', /^archive: put a seal$/, ['archiver']],
    ['write attestations', /^attestations: put an attestation$/, ['verifier']],
    ['sign', /^log key: sign$/, ['archiver']],
    ['change the buckets', /^archive: s3:PutBucketPolicy$/, ['breakGlass', 'deployer']],
    ['end the key', /^log key: kms:ScheduleKeyDeletion$/, ['breakGlass', 'deployer']],
  ])('only those who are meant to %s', async (_, pattern, may) => {
    const [row] = about(pattern);
    const found = await guarded.whoMay((row as Row).request);
    expect(may.filter((actor) => !found.includes(actor))).toEqual([]);
    expect(found.filter((actor) => ['root', 'admin', 'stranger', 'secondAdmin'].includes(actor))).toEqual([]);
  });

  it('leaves both parties all that they do', async () => {
    const [before, after] = [{}, { rcp }].map(
      (organisation) => new World(bothStacks(APART), { organisation }),
    ) as [World, World];
    for (const { what, request } of rows) {
      for (const actor of ['archiver', 'verifier', 'auditor', 'secondAuditor', 'responder'] as const) {
        expect([what, actor, await after.allows(actor, request)]).toEqual([
          ...[what, actor],
          await before.allows(actor, request),
        ]);
      }
    }
  });

  it('fits, with an account of each party that is named', () => {
    const people = { breakGlass: [`arn:aws:iam::${ACCOUNT}:role/a`] };
    const named = resourceControlPolicy({
      ...props,
      config: { ...config, people: { ...config.people, ...people } },
    });
    expect(named.Statement.map(({ Sid }) => Sid)).toContain('WhoTakesBreakGlass');
    for (const policy of [rcp, scp, named]) expect(JSON.stringify(policy).length).toBeLessThan(5_120);
    // AWS takes no other principal, and no action that is `*` alone.
    for (const { Principal, Action } of rcp.Statement)
      expect([Principal, Action.includes('*')]).toEqual(['*', false]);
    expect(rcp.Statement.flatMap(({ Resource }) => Resource)).toContain(LOG_KEY);
  });
});

describe('the service control policy', () => {
  const world = new World(bothStacks(APART), { organisation: { scp } });
  it.each([
    ['iam:UpdateAssumeRolePolicy', `arn:aws:iam::${ACCOUNT}:role/ledgerstone-archiver`],
    ['iam:PassRole', `arn:aws:iam::${ACCOUNT}:role/ledgerstone-archiver`],
    ['cloudtrail:StopLogging', `arn:aws:cloudtrail:${REGION}:${ACCOUNT}:trail/ledgerstone-archive`],
    ['events:DisableRule', `arn:aws:events:${REGION}:${ACCOUNT}:rule/ledgerstone-to-verifier-key`],
  ])('%s: the deployer alone', async (action, resource) => {
    const may = await world.whoMay(
      { action, resource },
      ACTORS.filter((actor) => /deployer|admin$|root/.test(actor)),
    );
    expect(may).toEqual(['deployer']);
  });
});
