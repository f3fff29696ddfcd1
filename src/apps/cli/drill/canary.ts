// What does a drill put into the archive, and how is a seal made that no verifier may trust?
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { nodeSha256 } from '../../../base/node/hash.ts';
import { afterPeriod, type Period } from '../../../base/period.ts';
import { VERSION } from '../../../base/version.ts';
import { CANARY_CHAIN, chainOrigin } from '../../../format/chain.ts';
import { encodeVkey, publicKeyFromSpki, verifierKey } from '../../../format/vkey.ts';
import { emptyBody } from '../../../segment/body.ts';
import { makeSegment, newChainHead, sealBytes } from '../../../segment/segment.ts';
import { canaryObjects } from '../../../store/canary.ts';
import { type FindingCode, SEVERITY, type Severity } from '../../../verify/finding.ts';
import { lockSlackMs } from '../../../verify/locks.ts';
import type { ChainInArchive } from '../../../verify/survey.ts';

export const KINDS = ['forged-seal', 'foreign-object', 'second-version', 'delete-marker'] as const;
export type Kind = (typeof KINDS)[number];

export type KindFacts = {
  readonly description: string;
  /** What readers of the archive see meanwhile. */
  readonly meanwhile: string;
  /** The finding that the verifier opens. */
  readonly code: FindingCode;
  /** True if it is among the seals, where `ledgerstone watch` looks. Only the sweep sees other objects. */
  readonly isSeal: boolean;
};

const UNVERIFIABLE =
  '`verify` of the whole archive says unverifiable (exit code 3) for the canary alone; other chains keep their verdict';
const STANDS = 'every verdict stays as it is: this is an attempt';

export const FACTS: Readonly<Record<Kind, KindFacts>> = {
  'forged-seal': {
    description: 'a first seal of a chain of its own, signed by a key that nobody trusts',
    ...{ meanwhile: UNVERIFIABLE, isSeal: true, code: 'unknown-key' },
  },
  'foreign-object': {
    description: 'an object that belongs to no archive',
    ...{ meanwhile: STANDS, isSeal: false, code: 'foreign-object' },
  },
  'second-version': {
    description: 'a forged seal as with forged-seal, and then a second version of it',
    ...{ meanwhile: UNVERIFIABLE, isSeal: true, code: 'extra-version' },
  },
  'delete-marker': {
    description: 'a delete of a key that does not exist',
    ...{ meanwhile: STANDS, isSeal: false, code: 'delete-marker' },
  },
};

export type Expected = { readonly code: FindingCode; readonly severity: Severity };

/**
 * Which findings the verifier opens if the act is not refused: the first to be seen is the drill's. A seal
 * also promises no more than its short lock, which is one where the verifier has a least lock.
 */
export function expectedFindings(
  kind: Kind,
  lockMs: number,
  leastLock: Period | null,
  nowMs: number,
): readonly Expected[] {
  const { code, isSeal } = FACTS[kind];
  const isShort =
    isSeal && leastLock !== null && nowMs + lockMs < afterPeriod(nowMs, leastLock) - lockSlackMs(leastLock);
  const codes: readonly FindingCode[] = isShort ? [code, 'retention-short'] : [code];
  return codes.map((one) => ({ code: one, severity: SEVERITY[one] }));
}

/** A new key for each drill, so that two drills are not mixed up. */
export function newObjectKey(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${canaryObjects}${time}-${randomBytes(4).toString('hex')}`;
}

export const canaryChain = (partition: number): ChainInArchive => ({ chain: CANARY_CHAIN, partition });

/**
 * A well-formed seal by a key that is thrown away. Everything is right but the signer, so a verifier says
 * `unknown-key` and nothing worse. `origin` is the archive's.
 */
export function forgedSeal(
  origin: string,
  { chain, partition }: ChainInArchive,
  times: ForgedTimes,
): Uint8Array {
  const { nowMs, untilMs } = times;
  const pair = generateKeyPairSync('ed25519');
  const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  const name = chainOrigin({ archiveOrigin: origin, chain, partition });
  const key = verifierKey(name, publicKeyFromSpki(spki), nodeSha256);
  const head = newChainHead(name, chain, partition, 0);
  const segment = makeSegment(nodeSha256, head, emptyBody(nodeSha256, 0), {
    ...{ source: { kind: 'file', name: CANARY_CHAIN, partition }, continues: null },
    ...{ anchoredMs: nowMs, nowMs },
    retention: {
      mode: 'COMPLIANCE',
      period: { months: 0, ms: Math.max(1000, untilMs - nowMs) },
      policy: 'drill',
    },
    ...{ keys: [encodeVkey(key)], writer: { id: 'ledgerstone drill', version: VERSION } },
  });
  const signature = new Uint8Array(sign(null, segment.checkpointText, pair.privateKey));
  return sealBytes(segment, [{ name, keyId: key.id, signature }]);
}

export type ForgedTimes = { readonly nowMs: number /** Of its lock. */; readonly untilMs: number };
