// Are the buckets and the log's key set up as promised? A wrong setting is found before it can be used.

import { equalBytes, toHex } from '../../base/bytes.ts';
import { counted } from '../../base/counted.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { type KmsSignerOptions, kmsSigner } from '../../sign/kms.ts';
import type { BucketFacts, Fact } from '../../store/bucket-facts.ts';
import { type Finding, findingOf } from '../../verify/finding.ts';
import type { Covers } from '../findings/closed-by.ts';
import { type PromisedDenials, policyProblems } from './bucket-policy.ts';

type PromisedBucket = {
  /** Shortest default lock of the bucket, in days. */
  readonly defaultDays: number | null;
  /** Null: the bucket's policy is not checked. */
  readonly denials: PromisedDenials | null;
};

export type KeyFacts = {
  /** `Enabled`, or what is wrong. */
  readonly state: string;
  /** Null if it can't be read in this state. */
  readonly spki: Uint8Array | null;
};

/** What is checked. `read` rejects if nothing could be learned. */
export type Subject =
  | {
      readonly kind: 'bucket';
      /** For people and for keys of findings: `archive`, `attestations`. */
      readonly name: string;
      readonly promised: PromisedBucket;
      readonly read: (signal?: AbortSignal) => Promise<BucketFacts>;
    }
  | {
      readonly kind: 'key';
      readonly name: string;
      /** The public keys that were pinned. */
      readonly promised: readonly Uint8Array[];
      readonly read: (signal?: AbortSignal) => Promise<KeyFacts>;
    }
  | {
      /** CloudTrail's deliveries. */
      readonly kind: 'trail';
      readonly name: string;
      readonly read: (signal?: AbortSignal) => Promise<TrailFacts>;
    };

/** How long ago the newest digest was delivered. Null: there is none of the last two days. */
export type TrailFacts = { readonly silentMs: number | null };

/** CloudTrail delivers a digest an hour. */
const TRAIL_SILENT_MS_MAX = 3 * 3_600_000;

export type ConfigurationCheck = { readonly findings: readonly Finding[]; readonly complete: Covers };

export async function checkConfiguration(
  subjects: readonly Subject[],
  signal?: AbortSignal,
): Promise<ConfigurationCheck> {
  const check = new Check();
  for (const subject of subjects) {
    try {
      if (subject.kind === 'bucket') checkBucket(check, subject, await subject.read(signal));
      else if (subject.kind === 'key') checkKey(check, subject, await subject.read(signal));
      else checkTrail(check, subject, await subject.read(signal));
    } catch (error) {
      signal?.throwIfAborted();
      check.unknown(subject.name, null, messageOf(error));
    }
  }
  return { findings: check.findings, complete: check.covers };
}

class Check {
  readonly findings: Finding[] = [];
  /** Keys, or prefixes of keys, about which nothing is known. */
  readonly #unknown: string[] = [];

  drift(subject: string, setting: string, expected: string, found: string): void {
    this.findings.push(findingOf('configuration-drift', { key: keyOf(subject, setting), expected, found }));
  }

  /** `setting` null: the whole subject. */
  unknown(subject: string, setting: string | null, why: string): void {
    const key = keyOf(subject, setting ?? '');
    this.#unknown.push(key);
    this.findings.push(findingOf('unreadable', { key, expected: 'a setting that can be read', found: why }));
  }

  known<T>(subject: string, setting: string, fact: Fact<T>, judge: (value: T) => void): void {
    if (fact.known) judge(fact.value);
    else this.unknown(subject, setting, fact.why);
  }

  /**
   * What could not be read closes nothing. The other finding of this scope is about a wrong clock, and no
   * task runs before the clock is right (clock-check.ts).
   */
  readonly covers: Covers = ({ check, finding: { key } }) =>
    check === 'clock' ||
    (check === 'configuration' && !this.#unknown.some((unknown) => key?.startsWith(unknown) === true));
}

const keyOf = (subject: string, setting: string): string => `config:${subject}/${setting}`;

function checkBucket(
  check: Check,
  { name, promised }: Extract<Subject, { kind: 'bucket' }>,
  facts: BucketFacts,
): void {
  check.known(name, 'object-lock', facts.objectLock, (lock) => {
    if (!lock.enabled) {
      check.drift(name, 'object-lock', 'enabled', 'off: anybody with delete rights can delete the archive');
      return;
    }
    if (lock.eventHold === true) {
      const found = 'on: objects without a lock of their own are locked without an end';
      check.drift(name, 'object-lock/event-hold', 'no default event hold', found);
    }
    const { defaultDays } = promised;
    if (defaultDays === null) return;
    const expected = `COMPLIANCE, ${counted(defaultDays, 'day')} or more`;
    const { mode, days } = lock;
    if (mode !== 'COMPLIANCE' || days === null || days < defaultDays) {
      check.drift(
        name,
        'object-lock/default',
        expected,
        mode === null ? 'none' : `${mode}, ${days === null ? 'no days' : counted(days, 'day')}`,
      );
    }
  });
  check.known(name, 'versioning', facts.versioning, (state) => {
    if (state !== 'Enabled') check.drift(name, 'versioning', 'Enabled', state ?? 'never enabled');
  });
  check.known(name, 'public-access', facts.openToPublic, (open) => {
    // A server without such a setting lacks it for good. `doctor` says so.
    if (open !== null && open.length > 0)
      check.drift(name, 'public-access', 'all four blocks on', `${open.join(', ')} off`);
  });
  const { denials } = promised;
  if (denials === null) return;
  const { policy } = facts;
  const remedy = [
    ' If this verifier is in another account, set configuration.denies: false, compare the policy',
    "from the archive's own account, and use a trail that reports changes to it.",
  ].join(' ');
  const shown = policy.known ? policy : { ...policy, why: `${policy.why}${remedy}` };
  check.known(name, 'policy', shown, (text) => {
    for (const problem of policyProblems(text, denials)) {
      check.drift(name, problem.name, problem.expected, problem.found);
    }
  });
}

function checkKey(
  check: Check,
  { name, promised }: Extract<Subject, { kind: 'key' }>,
  { state, spki }: KeyFacts,
): void {
  if (state !== 'Enabled') check.drift(name, 'state', 'Enabled', state);
  if (spki !== null && !promised.some((pinned) => equalBytes(pinned, spki))) {
    check.drift(name, 'public-key', 'a key that was pinned', `SPKI ${toHex(spki).slice(0, 64)}…`);
  }
}

function checkTrail(
  check: Check,
  { name }: Extract<Subject, { kind: 'trail' }>,
  { silentMs }: TrailFacts,
): void {
  if (silentMs !== null && silentMs <= TRAIL_SILENT_MS_MAX) return;
  const found =
    silentMs === null
      ? 'none of yesterday and today: the trail is stopped, or was made less than two hours ago'
      : `the newest is ${Math.floor(silentMs / 3_600_000)} hours old: calls since then may be unrecorded`;
  check.drift(name, 'deliveries', 'a digest of CloudTrail each hour', found);
}

/** Errors that say in which state the key is, rather than that it could not be asked. */
const STATES: Readonly<Record<string, string>> = {
  'key-disabled': 'disabled, or waiting to be deleted',
  'key-not-found': 'gone',
  'key-wrong-kind': 'of another kind',
};

/** Needs kms:GetPublicKey, and kms:DescribeKey to see a disabled key. Nothing is signed. */
export async function readKmsKey(options: KmsSignerOptions): Promise<KeyFacts> {
  try {
    return { state: 'Enabled', spki: (await kmsSigner(options)).publicKey.spki };
  } catch (error) {
    const state = error instanceof LedgerstoneError ? STATES[error.code] : undefined;
    if (state === undefined) throw error;
    return { state, spki: null };
  }
}
