// What does the verifier do when a chain has grown? It goes on from its own last word, and says the next one.

import { toHex } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Semaphore } from '../../base/concurrency.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { Anchor } from '../../verify/anchor.ts';
import type { ArchiveReader } from '../../verify/archive-reader.ts';
import type { BlockChecker } from '../../verify/block-checker.ts';
import { confirmChain } from '../../verify/confirm.ts';
import { type Finding, findingOf, type Verdict, verdictOf } from '../../verify/finding.ts';
import type { ChainReport } from '../../verify/report.ts';
import type { ChainPlace } from '../../verify/survey.ts';
import type { Attested, ForeignObject } from './attestation-reader.ts';
import type { Attester } from './attester.ts';

export type StepTools = {
  readonly archive: ArchiveReader;
  readonly trusted: readonly VerifierKey[];
  readonly attester: Attester;
  readonly sha256: Sha256;
  readonly checker: BlockChecker;
  readonly clock: Clock;
  /** Over all steps that run side by side. */
  readonly bytesInFlight?: Semaphore;
};

export type StepOptions = {
  /** About the chain's size, where an event tells; any number will do. */
  readonly hintSize: number;
  /** Where others continue this chain. */
  readonly handovers?: readonly Anchor[];
  /** Asked after each segment: false stops there, and the next run goes on. */
  readonly mayGoOn?: () => boolean;
  readonly signal?: AbortSignal;
};

export type StepResult = {
  readonly place: ChainPlace;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** Null: there is no such chain, and none was ever confirmed. */
  readonly report: ChainReport | null;
  /** What this verifier vouches for now. */
  readonly confirmed: {
    readonly size: number;
    readonly nextOffset: number | null;
    readonly root: string;
  } | null;
  /** True: an attestation of `confirmed` was written by this run. */
  readonly isNew: boolean;
  /** False: there is more to check. */
  readonly isAtEnd: boolean;
};

/**
 * Attests only what this run has walked from the last attestation on, seal by seal, with every stored byte re-hashed.
 * Rejects when the archive or the attestation bucket can't be reached: nothing is attested then.
 */
export async function confirmStep(
  tools: StepTools,
  place: ChainPlace,
  options: StepOptions,
): Promise<StepResult> {
  const { archive, trusted, attester, sha256, checker, clock, bytesInFlight } = tools;
  const { hintSize, handovers, mayGoOn, signal } = options;
  const { attested, foreign } = await attester.reader.newest(place, hintSize, signal);
  const confirmation = await confirmChain(archive, place, {
    trusted,
    sha256,
    checker,
    confirmed: attested,
    depth: 'content',
    nowMs: clock.now(),
    ...(handovers && { handovers }),
    ...(mayGoOn && { mayGoOn }),
    ...(bytesInFlight && { bytesInFlight }),
    ...(signal && { signal }),
  });
  const findings = [...foreign.map(foreignFinding), ...(confirmation?.report.findings ?? [])];
  if (confirmation === null) {
    return { ...NOTHING, place, verdict: verdictOf(findings), findings };
  }
  const { report, head, isAtEnd } = confirmation;
  const before = { place, report, isAtEnd, findings, confirmed: wordOf(attested, report), isNew: false };
  const isSound = report.verdict === 'verified' && head !== null;
  if (!isSound || head.manifest.sequence + 1 <= (attested?.size ?? 0)) {
    return { ...before, verdict: report.verdict };
  }
  const outcome = await attester.attest(place, head, signal);
  switch (outcome.kind) {
    case 'attested':
    case 'existed': {
      const confirmed = { size: report.size, nextOffset: report.nextOffset, root: report.root };
      return { ...before, verdict: 'verified', confirmed, isNew: outcome.kind === 'attested' };
    }
    case 'conflict': {
      const finding = findingOf('fork', {
        ...{ key: outcome.key, expected: `root ${outcome.root}, attested before` },
        found: `root ${report.root}`,
      });
      return { ...before, verdict: 'broken', findings: [...findings, finding] };
    }
    case 'obstructed': {
      const finding = findingOf('foreign-object', {
        ...{ key: outcome.key, expected: 'an attestation', found: outcome.why },
      });
      return { ...before, verdict: report.verdict, findings: [...findings, finding] };
    }
  }
}

const NOTHING = { report: null, confirmed: null, isNew: false, isAtEnd: true } as const;

/** The offset is known where the last attested seal was read again and is still the same. */
function wordOf(attested: Attested | null, report: ChainReport): StepResult['confirmed'] {
  if (attested === null) return null;
  const root = toHex(attested.root);
  const isSame = report.size === attested.size && report.root === root;
  return { size: attested.size, nextOffset: isSame ? report.nextOffset : null, root };
}

const foreignFinding = ({ key, versionId, why }: ForeignObject): Finding =>
  findingOf('foreign-object', { key, versionId, expected: "this verifier's attestation", found: why });
