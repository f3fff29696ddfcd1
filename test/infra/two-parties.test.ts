// Can neither party do the other's work, nor anybody both? Every role against every dangerous action, in either topology.
import { describe, expect, it } from 'vitest';
import type { Statement } from './simulation.ts';
import { only } from './synthesised.ts';
import { ACTORS, type Actor, APART, bothStacks, TOGETHER, World } from './two-parties.ts';
import {
  ARCHIVE_ROWS,
  ATTESTATION_ROWS,
  GOOD_NOTE,
  LOG_KEY_ROWS,
  machineRows,
  type Row,
  recordRows,
  verifierKeyRows,
} from './two-party-requests.ts';

const apart = new World(bothStacks(APART));
const together = new World(bothStacks(TOGETHER));

const TWINS: readonly (readonly Actor[])[] = [
  ['deployer', 'secondDeployer'],
  ['admin', 'secondAdmin'],
  ['root', 'secondRoot'],
];

/** In one account an administrator of one party is the other's too. */
function expected(
  world: World,
  { may: apart, mayTogether = apart }: Pick<Row, 'may' | 'mayTogether'>,
): Actor[] {
  const may = world.isApart ? apart : mayTogether;
  const twins = world.isApart ? [] : TWINS.filter((pair) => pair.some((actor) => may.includes(actor))).flat();
  return ACTORS.filter((actor) => may.includes(actor) || twins.includes(actor));
}

const guardedRows = (world: World): readonly Row[] => [
  ...ARCHIVE_ROWS,
  ...ATTESTATION_ROWS,
  ...LOG_KEY_ROWS,
  ...verifierKeyRows(world),
  ...recordRows(world),
];
const rowsOf = (world: World): readonly Row[] => [...guardedRows(world), ...machineRows(world)];

describe.each([
  ['in two accounts', apart],
  ['in one account', together],
] as const)('%s', (_, world) => {
  it.each(rowsOf(world).map((row) => [row.what, row] as const))('%s', async (_what, one) => {
    expect(await world.whoMay(one.request)).toEqual(expected(world, one));
  });
});

describe('a role that somebody has widened to everything', () => {
  const DANGER = /put an? |: sign$|Delete|Bypass|shorten|PutBucket|KeyPolicy|Disable|Grant/;
  const dangerous = guardedRows(apart).filter(({ what }) => DANGER.test(what));

  it.each([
    'archiver',
    'verifier',
    'auditor',
    'secondAuditor',
    'keyAdmin',
    'secondKeyAdmin',
    'forwarder',
    'scheduler',
    'driller',
    'responder',
  ] as const)('%s: is still kept from the other party and from destroying', async (actor) => {
    const stolen = new World(apart.stacks, { escalated: [actor] });
    const opened: string[] = [];
    for (const { what, request, may } of dangerous) {
      if ((await stolen.allows(actor, request)) && !may.includes(actor)) opened.push(what);
    }
    expect(opened).toEqual([]);
    expect(dangerous.length).toBeGreaterThan(35);
  });
});

describe('each statement of the second party is needed', () => {
  const dropping = (sid: string, isHere: (resource: string) => boolean, escalated: readonly Actor[] = []) =>
    new World(apart.stacks, {
      escalated,
      alter: (all, resource) => (isHere(resource) ? all.filter(({ Sid }) => Sid !== sid) : all),
    });
  const firstDifference = async (world: World, rows: readonly Row[]) => {
    for (const one of rows) {
      if ((await world.whoMay(one.request)).join() !== expected(world, one).join()) return one.what;
    }
    return null;
  };
  const deniesOf = (policy: unknown) =>
    (policy as { Statement: Statement[] }).Statement.filter(({ Effect }) => Effect === 'Deny').flatMap(
      ({ Sid }) => Sid ?? [],
    );
  const ofAttestations = (resource: string) => resource.includes('acme-attestations');
  const ofArchive = (resource: string) => resource.includes('acme-audit');

  const guards = Object.values(apart.stacks.verifier.resources)
    .filter(
      ({ Type, Properties }) =>
        Type === 'AWS::S3::BucketPolicy' && Properties['Bucket'] === 'acme-attestations',
    )
    .flatMap(({ Properties }) => deniesOf(Properties['PolicyDocument']));
  const second = ['OnlyKnownPlaces', 'DrillsReadNothingElse'];
  const ofResponders = ['RespondersPutResponsesOnly', 'RespondersReadFindingsOnly'];
  const alone = guards.filter((sid) => ![...second, ...ofResponders].includes(sid));

  it('finds the guards of the attestation bucket', () => {
    expect(guards).toHaveLength(19);
  });

  it.each(alone)('the attestation bucket without %s: somebody may do what nobody should', async (sid) => {
    expect(await firstDifference(dropping(sid, ofAttestations), ATTESTATION_ROWS)).not.toBeNull();
  });

  it.each([
    ['archiver', ofArchive, ARCHIVE_ROWS, 'archive: put an attestation there'],
    ['verifier', ofAttestations, ATTESTATION_ROWS, 'attestations: put anything else'],
  ] as const)('without OnlyKnownPlaces a widened %s writes elsewhere', async (actor, isHere, rows, place) => {
    const request = rows.find(({ what }) => what === place)?.request;
    if (request === undefined) throw new Error(place);
    expect(await dropping('OnlyKnownPlaces', isHere, [actor]).allows(actor, request)).toBe(true);
    expect(await dropping('no such statement', isHere, [actor]).allows(actor, request)).toBe(false);
  });

  it('without DrillsReadNothingElse a widened driller of one account reads all', async () => {
    const request = { action: 's3:GetObjectVersion', resource: 'arn:aws:s3:::acme-attestations/passes/x' };
    const widened = (sid: string) =>
      new World(together.stacks, {
        escalated: ['driller'],
        alter: (all) => all.filter(({ Sid }) => Sid !== sid),
      });
    expect(await widened('DrillsReadNothingElse').allows('driller', request)).toBe(true);
    expect(await widened('no such statement').allows('driller', request)).toBe(false);
  });

  it.each([
    ['RespondersPutResponsesOnly', 's3:PutObject', 'findings/archive/0/1.json'],
    ['RespondersPutResponsesOnly', 's3:PutObject', 'attestations/topic=orders/partition=0/000000000042.note'],
    ['RespondersReadFindingsOnly', 's3:GetObjectVersion', 'passes/x'],
  ] as const)('without %s a widened responder makes %s of %s', async (sid, action, key) => {
    const resource = `arn:aws:s3:::acme-attestations/${key}`;
    const request = { action, resource, context: action === 's3:PutObject' ? GOOD_NOTE : {} };
    expect(await dropping(sid, ofAttestations, ['responder']).allows('responder', request)).toBe(true);
    expect(
      await dropping('no such statement', ofAttestations, ['responder']).allows('responder', request),
    ).toBe(false);
  });

  it.each(['DrillsReadFindings', 'DrillsListFindings'])(
    'the attestation bucket without %s: a drill from another account is blind',
    async (sid) => {
      expect(await firstDifference(dropping(sid, ofAttestations), ATTESTATION_ROWS)).not.toBeNull();
    },
  );

  it.each(['SecondPartyReadsObjects', 'SecondPartyListsAndReadsSettings'])(
    'the archive bucket without %s: the verifier is blind',
    async (sid) => {
      expect(await firstDifference(dropping(sid, ofArchive), ARCHIVE_ROWS)).not.toBeNull();
    },
  );

  const mistake: Statement = {
    ...{ Sid: 'Mistake', Effect: 'Allow', Action: 'kms:*', Resource: '*' },
    Principal: { AWS: 'arn:aws:iam::444455556666:root' },
  };
  const isVerifierKey = (resource: string) => resource === apart.verifierKeyArn;
  const guarded = verifierKeyRows(apart).filter(({ what }) =>
    /sign$|PutKeyPolicy|Disable|Schedule|CreateGrant/.test(what),
  );

  it('the verifier key with the usual statement for the whole account: what matters is denied all the same', async () => {
    const world = new World(apart.stacks, {
      alter: (all, resource) => (isVerifierKey(resource) ? [...all, mistake] : all),
    });
    expect(await firstDifference(world, guarded)).toBeNull();
    expect(await world.whoMay({ action: 'kms:GetPublicKey', resource: apart.verifierKeyArn })).toContain(
      'secondAdmin',
    );
  });

  it.each(deniesOf(only(apart.stacks.verifier, 'AWS::KMS::Key', 'Key').Properties['KeyPolicy']))(
    'and without %s it would not be',
    async (sid) => {
      const world = new World(apart.stacks, {
        alter: (all, resource) =>
          isVerifierKey(resource) ? [...all.filter(({ Sid }) => Sid !== sid), mistake] : all,
      });
      expect(await firstDifference(world, guarded)).not.toBeNull();
    },
  );
});

describe('sealed', () => {
  it('the deployer changes nothing of the second party any more', async () => {
    const world = new World(bothStacks(APART.replace('attestations: {', 'attestations: { sealed: true,')));
    const changes = [...ATTESTATION_ROWS, ...verifierKeyRows(world)].filter(({ what }) =>
      /Put(Bucket|Key)|Delete/.test(what),
    );
    for (const { request, may } of changes) {
      const left = may.filter((actor) => actor !== 'secondDeployer');
      expect(await world.whoMay(request)).toEqual(expected(world, { may: left }));
    }
    expect(changes.length).toBeGreaterThan(10);
  });
});
