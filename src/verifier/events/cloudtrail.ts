// Who tried to delete, unlock or open up the archive? Answered from CloudTrail's records, which come from
// outside.
import { type Finding, findingOf } from '../../verify/finding.ts';
import { accessScope, type Scope } from '../findings/record.ts';

export type Watched = {
  /** Names of buckets: the archive's, the attestations', the trail's own. */
  readonly buckets: readonly string[];
  /** ARNs of KMS keys: the log's, the verifier's. */
  readonly keyArns?: readonly string[];
  /** Names of trails. */
  readonly trails?: readonly string[];
  /** Beginnings of the names of EventBridge's rules that bring events. */
  readonly rules?: readonly string[];
  /** Beginnings of the names of roles whose trust and policies are watched. */
  readonly roles?: readonly string[];
  /** Names of roles of which each use is reported. */
  readonly breakGlass?: readonly string[];
  /** ARNs of roles that extend locks as their work: the archiver's. All their other attempts count. */
  readonly lockKeepers?: readonly string[];
  /** ARNs of roles that carry decisions out. What they do to holds and locks counts unless it was decided. */
  readonly officers?: readonly string[];
  /** Whether somebody decided that. Left out: nobody did. */
  readonly isDecided?: (change: Change) => boolean;
};

/** To one object, whose key still has the archive's prefix. */
export type Change = { readonly key: string; readonly change: 'hold-on' | 'hold-off' | 'longer' };

export type Attempts = {
  /** In the order of the records. */
  readonly findings: readonly Finding[];
  /**
   * The same, grouped by the day on which they happened. The ledger keeps them by that day, whenever they are
   * reported.
   */
  readonly days: readonly { readonly scope: Scope; readonly findings: readonly Finding[] }[];
  /** Records of other things, and of calls that are not attempts. */
  readonly foreign: number;
  /** What is not a record, and records beyond those that are read of one input. */
  readonly malformed: number;
};

type Rule = 'always' | 'unless-lock-keeper' | 'unless-decided' | 'denied';

/** `denied`: only if refused: the archiver makes them too. Other writes to S3 are attempts. */
const CALLS: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  's3.amazonaws.com': {
    ...{ PutObject: 'denied', PostObject: 'denied', CopyObject: 'denied', RestoreObject: 'denied' },
    ...{ CreateMultipartUpload: 'denied', UploadPart: 'denied', UploadPartCopy: 'denied' },
    ...{ CompleteMultipartUpload: 'denied', AbortMultipartUpload: 'denied' },
    ...{ PutObjectRetention: 'unless-lock-keeper', PutObjectLegalHold: 'unless-decided' },
    ...{ PutObjectLockRetention: 'unless-lock-keeper', PutObjectLockLegalHold: 'unless-decided' },
  },
  'kms.amazonaws.com': {
    ...{ ScheduleKeyDeletion: 'always', DisableKey: 'always', PutKeyPolicy: 'always', CreateGrant: 'always' },
    ...{ EnableKey: 'always', CancelKeyDeletion: 'always', ReplicateKey: 'always' },
    ...{ RetireGrant: 'always', RevokeGrant: 'always', DeleteImportedKeyMaterial: 'always' },
    Sign: 'denied',
  },
  'cloudtrail.amazonaws.com': {
    ...{ StopLogging: 'always', DeleteTrail: 'always', UpdateTrail: 'always', PutEventSelectors: 'always' },
  },
  'events.amazonaws.com': {
    ...{ PutRule: 'always', DeleteRule: 'always', DisableRule: 'always' },
    ...{ PutTargets: 'always', RemoveTargets: 'always' },
  },
  'sts.amazonaws.com': {
    ...{ AssumeRole: 'always', AssumeRoleWithSAML: 'always', AssumeRoleWithWebIdentity: 'always' },
  },
};

/** What is expected of a service's calls. Of the others: that nobody touches what is archived. */
const EXPECTED: Readonly<Record<string, string>> = {
  'cloudtrail.amazonaws.com': 'the trail goes on as it is',
  'events.amazonaws.com': 'the rules that bring events to the verifier stay as they are',
  'iam.amazonaws.com': 'the trust and the policies of these roles stay as they are',
  'sts.amazonaws.com': 'the break-glass role is taken in an emergency only',
};

/** Matched by verb, as the bucket's guard rails are, because S3 keeps adding settings. */
const S3_WRITES = /^(?:Put|Delete|Create|Update|Replicate)[A-Z]/;
/** What changes a role: who may take it, and what it may do. By verb, since IAM gets new calls too. */
const ROLE_WRITES = /^(?:Put|Attach|Detach|Delete|Update|Create|Add|Remove)[A-Z]/;

/** At most so many records of one file or event are read. CloudTrail's own files have far fewer. */
const RECORDS_MAX = 100_000;
const TEXT_MAX = 200;
const MESSAGE_MAX = 2_000;

/**
 * `input`: a CloudTrail file (`{Records: […]}`), an EventBridge event (`{detail}`), or one record. Never
 * throws, whatever the input is. Each event is a finding of its own, by its id. Report it with `complete:
 * false`, since an attempt never closes.
 */
export function attemptsIn(input: unknown, watched: Watched): Attempts {
  const findings: Finding[] = [];
  const days = new Map<string, { scope: Scope; findings: Finding[] }>();
  const { records, omitted } = recordsOf(input);
  let [foreign, malformed] = [0, omitted];
  for (const given of records) {
    const record = readRecord(given);
    if (record === null) {
      malformed++;
      continue;
    }
    if (!isAttempt(record, watched)) {
      foreign++;
      continue;
    }
    const finding = attemptOf(record);
    findings.push(finding);
    const scope = accessScope(record.atMs);
    const day = days.get(scope.name) ?? { scope, findings: [] };
    days.set(scope.name, day);
    day.findings.push(finding);
  }
  return { findings, days: [...days.values()], foreign, malformed };
}

type Fields = Readonly<Record<string, unknown>>;
type TrailRecord = {
  readonly id: string;
  readonly atMs: number;
  readonly source: string;
  readonly call: string;
  readonly error: string | null;
  readonly message: string | null;
  readonly who: string;
  /** The role behind a session, or else the same as `who`. */
  readonly role: string;
  readonly from: string;
  readonly agent: string;
  readonly region: string;
  readonly parameters: Fields;
  readonly arns: readonly string[];
};

const fieldsOf = (value: unknown): Fields | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.slice(0, TEXT_MAX) : null;

function recordsOf(input: unknown): { readonly records: readonly unknown[]; readonly omitted: number } {
  const fields = fieldsOf(input);
  const records = fields?.['Records'];
  if (Array.isArray(records)) {
    const read = records.slice(0, RECORDS_MAX);
    return { records: read, omitted: records.length - read.length };
  }
  const record = fields !== null && 'detail' in fields ? fields['detail'] : input;
  return { records: [record], omitted: 0 };
}

function readRecord(given: unknown): TrailRecord | null {
  const fields = fieldsOf(given);
  if (fields === null) return null;
  const [id, call] = [textOf(fields['eventID']), textOf(fields['eventName'])];
  const [source, time] = [textOf(fields['eventSource']), textOf(fields['eventTime'])];
  const atMs = time === null ? Number.NaN : Date.parse(time);
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(time ?? '') && atMs >= 0;
  if (id === null || !/^[0-9A-Za-z-]{1,64}$/.test(id) || call === null || source === null || !isTime)
    return null;
  const identity = fieldsOf(fields['userIdentity']) ?? {};
  const issuer = fieldsOf(fieldsOf(identity['sessionContext'])?.['sessionIssuer']);
  // A caller from another account is named by its number alone.
  const account = textOf(identity['type']) === 'AWSAccount' ? textOf(identity['accountId']) : null;
  const who =
    textOf(identity['arn']) ??
    textOf(identity['invokedBy']) ??
    (account === null ? null : `somebody of account ${account}`) ??
    textOf(identity['principalId']) ??
    textOf(identity['type']) ??
    'somebody unnamed';
  const resources = Array.isArray(fields['resources']) ? fields['resources'].slice(0, 20) : [];
  return {
    ...{ id, atMs, source, call, who },
    error: textOf(fields['errorCode']),
    message: typeof fields['errorMessage'] === 'string' ? fields['errorMessage'].slice(0, MESSAGE_MAX) : null,
    role: textOf(issuer?.['arn']) ?? who,
    from: textOf(fields['sourceIPAddress']) ?? 'an unknown address',
    agent: textOf(fields['userAgent']) ?? 'an unknown program',
    region: textOf(fields['awsRegion']) ?? 'an unknown region',
    parameters: fieldsOf(fields['requestParameters']) ?? {},
    arns: resources.flatMap((resource) => textOf(fieldsOf(resource)?.['ARN']) ?? []),
  };
}

function isAttempt(record: TrailRecord, watched: Watched): boolean {
  const rule = ruleOf(record);
  if (rule === undefined || !isWatched(record, watched)) return false;
  switch (rule) {
    case 'always':
      return true;
    case 'denied':
      return isDenied(record);
    case 'unless-lock-keeper':
      return !isOfKeeper(record, watched) && !isAsDecided(record, watched);
    case 'unless-decided':
      return !isAsDecided(record, watched);
  }
}

function ruleOf({ source, call }: TrailRecord): Rule | undefined {
  const calls = Object.hasOwn(CALLS, source) ? CALLS[source] : undefined;
  if (calls !== undefined && Object.hasOwn(calls, call)) return calls[call];
  if (source === 'iam.amazonaws.com') return ROLE_WRITES.test(call) ? 'always' : undefined;
  return source === 's3.amazonaws.com' && S3_WRITES.test(call) ? 'always' : undefined;
}

const isOfKeeper = (record: TrailRecord, { lockKeepers = [] }: Watched): boolean =>
  !isDenied(record) && lockKeepers.includes(record.role);

/** It went through, an officer's role did it, and each change that it may have been was decided. */
function isAsDecided(record: TrailRecord, { officers = [], isDecided }: Watched): boolean {
  const key = textOf(record.parameters['key']);
  if (isDecided === undefined || key === null || isDenied(record) || !officers.includes(record.role))
    return false;
  return changesOf(record).some((change) => isDecided({ key, change }));
}

/** CloudTrail may leave the call's body out: then nobody knows whether a hold was put on or taken off. */
function changesOf({ call, parameters }: TrailRecord): readonly Change['change'][] {
  if (call === 'PutObjectRetention' || call === 'PutObjectLockRetention') return ['longer'];
  const status = textOf(fieldsOf(parameters['LegalHold'])?.['Status']);
  if (status === 'ON') return ['hold-on'];
  return status === 'OFF' ? ['hold-off'] : ['hold-on', 'hold-off'];
}

const isDenied = ({ error }: TrailRecord): boolean =>
  error !== null &&
  /AccessDenied|UnauthorizedOperation|Forbidden|MethodNotAllowed|InvalidRequest/.test(error);

function isWatched(record: TrailRecord, watched: Watched): boolean {
  const { source, parameters, arns } = record;
  switch (source) {
    case 's3.amazonaws.com': {
      const bucket = textOf(parameters['bucketName']);
      const isOf = (name: string) => bucket === name || arns.some((arn) => bucketOf(arn) === name);
      return watched.buckets.some(isOf);
    }
    case 'kms.amazonaws.com': {
      const keyId = textOf(parameters['keyId']);
      return (watched.keyArns ?? []).some(
        (arn) =>
          arns.includes(arn) ||
          keyId === arn ||
          (keyId !== null && arn.endsWith(`:key/${keyId}`)) ||
          // Of a refused call KMS may record neither parameters nor resources.
          record.message?.includes(arn) === true,
      );
    }
    case 'events.amazonaws.com': {
      const rule = textOf(parameters['name']) ?? textOf(parameters['rule']);
      return (watched.rules ?? []).some((prefix) => rule?.startsWith(prefix) === true);
    }
    case 'iam.amazonaws.com': {
      const role = textOf(parameters['roleName']);
      return (watched.roles ?? []).some((prefix) => role?.startsWith(prefix) === true);
    }
    case 'sts.amazonaws.com': {
      const role = textOf(parameters['roleArn']);
      return (watched.breakGlass ?? []).some((name) => role?.endsWith(`:role/${name}`) === true);
    }
    default: {
      const name = textOf(parameters['name']) ?? textOf(parameters['trailName']);
      return (watched.trails ?? []).some(
        (trail) => name === trail || name?.endsWith(`:trail/${trail}`) === true,
      );
    }
  }
}

const bucketOf = (arn: string): string | undefined => /^arn:[^:]+:s3:::([^/]+)/.exec(arn)?.[1];

function attemptOf(record: TrailRecord): Finding {
  const { id, atMs, call, error, who, from, agent, region, parameters } = record;
  const what = [
    textOf(parameters['key']),
    textOf(parameters['versionId']) === null ? null : `version ${textOf(parameters['versionId'])}`,
    textOf(parameters['bucketName']) ??
      textOf(parameters['keyId']) ??
      textOf(parameters['name']) ??
      textOf(parameters['trailName']) ??
      textOf(parameters['roleArn']) ??
      textOf(parameters['roleName']) ??
      textOf(parameters['rule']) ??
      record.arns[0] ??
      /resource: (\S+)/.exec(record.message ?? '')?.[1]?.slice(0, TEXT_MAX) ??
      'what the record does not name',
  ].filter((part) => part !== null);
  const outcome = error === null ? 'and it went through' : `and was refused (${error})`;
  const when = new Date(atMs).toISOString();
  const found = `${who} called ${call} on ${what.join(', ')} at ${when} from ${from} (${agent}, ${region}), ${outcome}`;
  const expected =
    (Object.hasOwn(EXPECTED, record.source) ? EXPECTED[record.source] : null) ??
    'nobody deletes, unlocks or opens up what is archived';
  // The event's own id tells two attempts on one object apart.
  return findingOf('access-attempt', { key: `cloudtrail:${id}`, expected, found });
}
