// What can be done to an archive, its keys and its attestations, and who is meant to be able to do it?
import { GOVERNANCE_CHAIN } from '../format/chain.ts';
import type { AccessRole } from './access-parties.ts';

/** What a review is about. Buckets by name, keys by ARN. */
export type AccessSubject = {
  readonly partition: string;
  readonly bucket: string;
  /** '' or ends with '/'. */
  readonly prefix: string;
  readonly logKeys: readonly string[];
  readonly governanceKeys: readonly string[];
  /** Null: no attestations are looked at. */
  readonly attestations: string | null;
  readonly verifierKeys: readonly string[];
  /** Topics of whose objects is asked. */
  readonly topics: readonly string[];
  /** Whole days that a lock has to run, in the requests of those who write. */
  readonly lockDays: number;
  /** True: the deployer is meant to be shut out. */
  readonly isSealed: boolean;
};

type Ask = {
  readonly action: string;
  readonly resource: string;
  readonly values: Readonly<Record<string, string>>;
};

export type AccessAct = {
  /** What it is done to: `archive bucket`. */
  readonly object: string;
  readonly what: string;
  /** Each is a request. Who may make one of them may do something of it, who may make all may do it. */
  readonly asks: readonly Ask[];
  /** One of the requests is enough: a key signs in one form only. */
  readonly needs: 'all' | 'one';
  readonly may: readonly AccessRole[];
  /** Whose right is neither asked for nor a difference. */
  readonly either: readonly AccessRole[];
};

/** By its own right: nobody is meant to, anywhere. */
const NOBODY: readonly AccessRole[] = [];
const OF_ACCOUNT: readonly AccessRole[] = ['others', 'root', 'deployer', 'verifier-deployer'];
const PEOPLE_WHO_DECIDE = ['officer', 'approver'] as const;
const READERS = ['auditor', 'verifier', 'verifier-auditor', 'copier'] as const;
/** Who may put a decision: whoever copies records that. */
const DECIDERS = [...PEOPLE_WHO_DECIDE, 'copier'] as const;

type More = { readonly either?: readonly AccessRole[]; readonly needs?: AccessAct['needs'] };
const act =
  (object: string) =>
  (what: string, asks: readonly Ask[], may: readonly AccessRole[] = NOBODY, more: More = {}): AccessAct => ({
    ...{ object, what, asks, may, either: more.either ?? [], needs: more.needs ?? 'all' },
  });

const HEADERS = {
  's3:if-none-match': '*',
  's3:objectcreationoperation': 'true',
  's3:object-lock-mode': 'COMPLIANCE',
  's3:object-lock-retain-until-date': '2099-01-01T00:00:00Z',
};
const DAYS = 's3:object-lock-remaining-retention-days';
const without = (name: keyof typeof HEADERS, days: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries({ ...HEADERS, [DAYS]: days }).filter(([key]) => key !== name));
const CENTURY = '36500';

/** Requests for each of the objects. */
const on =
  (objects: readonly string[]) =>
  (actions: readonly string[], values: Readonly<Record<string, string>> = {}): Ask[] =>
    objects.flatMap((resource) => actions.map((action) => ({ action, resource, values })));

/** The same for both locked buckets. `objects`: examples of what lies there. */
function lockActs(
  name: string,
  objects: readonly string[],
  lockDays: number,
  may: {
    readonly lengthen: readonly AccessRole[];
    readonly hold: readonly AccessRole[];
    readonly release: readonly AccessRole[];
  },
): AccessAct[] {
  const [one, ask] = [act(name), on(objects)];
  const days = String(lockDays);
  const lock = (mode: string, left: string) => ({ 's3:object-lock-mode': mode, [DAYS]: left });
  const put = ['s3:PutObject'];
  return [
    one('write over an object', ask(put, without('s3:if-none-match', days))),
    one('write without a lock', ask(put, without('s3:object-lock-mode', days))),
    one('write under a lock in governance mode', ask(put, { ...HEADERS, ...lock('GOVERNANCE', days) })),
    one('write under a lock of less than a day', ask(put, { ...HEADERS, [DAYS]: '0' })),
    one('lengthen a lock', ask(['s3:PutObjectRetention'], lock('COMPLIANCE', days)), may.lengthen),
    one('set a lock of less than a day', ask(['s3:PutObjectRetention'], lock('COMPLIANCE', '0'))),
    one('set a lock in governance mode', ask(['s3:PutObjectRetention'], lock('GOVERNANCE', days))),
    one('lock for a hundred years', [
      ...ask(put, { ...HEADERS, [DAYS]: CENTURY }),
      ...ask(['s3:PutObjectRetention'], lock('COMPLIANCE', CENTURY)),
    ]),
    one('lock by an event hold', ask(['s3:PutObjectRetention'], { 's3:object-lock-event-hold': 'ON' })),
    one('hold', ask(['s3:PutObjectLegalHold'], { 's3:object-lock-legal-hold': 'ON' }), may.hold),
    one(
      'release a hold',
      ask(['s3:PutObjectLegalHold'], { 's3:object-lock-legal-hold': 'OFF' }),
      may.release,
    ),
    one('delete an object or a version', ask(['s3:DeleteObject', 's3:DeleteObjectVersion'])),
    one('go past a lock in governance mode', ask(['s3:BypassGovernanceRetention'])),
  ];
}

/** `guardians`: who may change its settings in an emergency. */
function settingActs(
  name: string,
  arn: string,
  guardians: readonly AccessRole[],
  isSealed: boolean,
): AccessAct[] {
  const [one, ask] = [act(name), on([arn])];
  const either: AccessRole[] = isSealed ? [] : ['deployer', 'verifier-deployer'];
  const guarded = ['s3:PutBucketPolicy', 's3:PutBucketVersioning', 's3:PutBucketObjectLockConfiguration'];
  return [
    one('change its policy, versioning or locks', ask(guarded), guardians, { either }),
    one('let a lifecycle rule delete', ask(['s3:PutLifecycleConfiguration']), guardians, { either }),
    one(
      'remove its policy, or replicate it',
      ask(['s3:DeleteBucketPolicy', 's3:PutReplicationConfiguration', 's3:DeleteBucket']),
      NOBODY,
      { either },
    ),
  ];
}

function archiveActs({ partition, bucket, prefix, topics, lockDays, isSealed }: AccessSubject): AccessAct[] {
  const arn = `arn:${partition}:s3:::${bucket}`;
  const at = (key: string) => `${arn}/${prefix}${key}`;
  const data = (topic: string) => at(`data/topic=${topic}/partition=0/000000000000-0.jsonl.zst`);
  const seal = (topic: string) => at(`seals/topic=${topic}/partition=0/000000000000.tlog-proof`);
  const [events, seals] = [topics.map(data), topics.map(seal)];
  const good = { ...HEADERS, [DAYS]: String(lockDays) };
  const one = act('archive bucket');
  const read = ['s3:GetObject', 's3:GetObjectVersion'];
  const keepers = [...PEOPLE_WHO_DECIDE, 'hold-keeper'] as const;
  return [
    one('read events', on(events)(read), ['archiver', ...READERS]),
    one('read seals', on(seals)(read), ['archiver', ...READERS, ...keepers]),
    one('read without TLS', on(events)(read, { 'aws:securetransport': 'false' })),
    one(
      'list',
      on([arn])(['s3:ListBucketVersions'], { 's3:prefix': `${prefix}seals/` }),
      ['archiver', ...READERS, ...keepers],
      { either: OF_ACCOUNT },
    ),
    one('write events and seals', on([...events, ...seals])(['s3:PutObject'], good), ['archiver']),
    one(
      'write decisions',
      on([data(GOVERNANCE_CHAIN), seal(GOVERNANCE_CHAIN)])(['s3:PutObject'], good),
      DECIDERS,
    ),
    one('write beside the archive', on([at('elsewhere/x')])(['s3:PutObject'], good)),
    ...lockActs('archive bucket', [...events, ...seals], lockDays, {
      ...{ lengthen: ['archiver', 'officer'], hold: keepers, release: ['approver'] },
    }),
    ...settingActs('archive bucket', arn, ['break-glass'], isSealed),
  ];
}

function attestationActs(subject: AccessSubject & { readonly attestations: string }): AccessAct[] {
  const name = 'attestation bucket';
  const arn = `arn:${subject.partition}:s3:::${subject.attestations}`;
  const at = (key: string) => `${arn}/${key}`;
  const own = [at('attestations/topic=orders/partition=0/000000000001.note'), at('passes/a/1.note')];
  const finding = at('findings/archive/rollback/0/000001-open.note');
  const response = at(`findings/archive/rollback/${'0'.repeat(32)}/000001-ack-001795341600-0a1b2c3d.note`);
  const good = { ...HEADERS, [DAYS]: String(subject.lockDays) };
  const one = act(name);
  const read = ['s3:GetObject', 's3:GetObjectVersion'];
  return [
    one('read attestations', on(own)(read), ['verifier', 'verifier-auditor']),
    one('read findings', on([finding])(read), [
      'verifier',
      'verifier-auditor',
      'verifier-responder',
      'drill',
    ]),
    one('write attestations and findings', on([...own, finding])(['s3:PutObject'], good), ['verifier']),
    one('answer a finding', on([response])(['s3:PutObject'], good), ['verifier', 'verifier-responder']),
    ...lockActs(name, [...own, finding], subject.lockDays, {
      ...{ lengthen: ['verifier'], hold: NOBODY, release: NOBODY },
    }),
    ...settingActs(name, arn, ['verifier-break-glass'], subject.isSealed),
  ];
}

/** Algorithm and kind of message. A key has one spec, and so one of these forms. */
const FORMS = [
  ['ED25519_SHA_512', 'RAW'],
  ['ECDSA_SHA_256', 'DIGEST'],
  ['ML_DSA_SHAKE_256', 'RAW'],
] as const;
/** No party signs so: a digest says nothing of what is signed. */
const OTHER_FORMS = [
  ['ED25519_PH_SHA_512', 'DIGEST'],
  ['ECDSA_SHA_256', 'RAW'],
  ['ECDSA_SHA_384', 'DIGEST'],
  ['ML_DSA_SHAKE_256', 'EXTERNAL_MU'],
] as const;

type KeyHolders = {
  readonly signers: readonly AccessRole[];
  readonly readers: readonly AccessRole[];
  readonly guardian: AccessRole;
};

function keyActs(
  name: string,
  arn: string,
  { signers, readers, guardian }: KeyHolders,
  isSealed: boolean,
): AccessAct[] {
  const one = act(`${name} ${arn.split('/').at(-1)}`);
  const ask = on([arn]);
  const sign = ([algorithm, message]: readonly [string, string]) =>
    ask(['kms:Sign'], { 'kms:signingalgorithm': algorithm, 'kms:messagetype': message });
  const deployers: AccessRole[] = ['deployer', 'verifier-deployer'];
  return [
    one('sign', FORMS.flatMap(sign), signers, { needs: 'one' }),
    one('sign in another form', OTHER_FORMS.flatMap(sign)),
    // An officer reads that of the log's next key, and the second party that of decisions, if it is let.
    one('read the public half', ask(['kms:GetPublicKey']), readers, {
      either: [...deployers, 'officer', 'verifier', 'verifier-auditor'],
    }),
    one('change its policy', ask(['kms:PutKeyPolicy']), [guardian], { either: isSealed ? [] : deployers }),
    one('disable or delete it', ask(['kms:DisableKey', 'kms:ScheduleKeyDeletion']), [guardian]),
    one('lend it by a grant', ask(['kms:CreateGrant'])),
  ];
}

/** Every act that a review asks for. */
export function accessActs(subject: AccessSubject): AccessAct[] {
  const { attestations, isSealed } = subject;
  const people = ['auditor', 'key-admin', 'break-glass'] as const;
  const second = ['verifier', 'verifier-auditor'] as const;
  const seconds = ['verifier-auditor', 'verifier-key-admin', 'verifier-break-glass'] as const;
  const key = (name: string, arns: readonly string[], holders: KeyHolders) =>
    arns.flatMap((arn) => keyActs(name, arn, holders, isSealed));
  return [
    ...archiveActs(subject),
    ...key('log key', subject.logKeys, {
      ...{ signers: ['archiver'], readers: ['archiver', ...people, ...second], guardian: 'break-glass' },
    }),
    ...key('governance key', subject.governanceKeys, {
      ...{ signers: DECIDERS, readers: [...DECIDERS, ...people], guardian: 'break-glass' },
    }),
    ...(attestations === null ? [] : attestationActs({ ...subject, attestations })),
    ...key('verifier key', subject.verifierKeys, {
      ...{ signers: ['verifier'], readers: ['verifier', ...seconds], guardian: 'verifier-break-glass' },
    }),
  ];
}
