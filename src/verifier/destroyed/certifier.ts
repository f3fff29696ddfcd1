// Which data that is gone might go, and how does the verifier say so? (FORMAT.md 9.12.3)
import { counted } from '../../base/counted.ts';
import { LedgerstoneError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { Logger } from '../../base/log.ts';
import { CANARY_CHAIN } from '../../format/chain.ts';
import { isWord } from '../../format/scalar.ts';
import type { DecisionReader } from '../../read/decision-reader.ts';
import { compareKeys } from '../../store/key-bytes.ts';
import { actsOf } from '../../verify/acts/recorded-act.ts';
import { findingOf } from '../../verify/finding.ts';
import type { ChainReport } from '../../verify/report.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { MORE_KEYS } from '../findings/bounds.ts';
import { chainScope, findingId, sequenceOf } from '../findings/record.ts';
import { type OwnBucket, putNote } from '../own-bucket.ts';
import { COPY_MAX, findingsPrefix, parseFindingKey } from '../own-keys.ts';
import {
  type Certificate,
  COPIES_MAX,
  encodeCertificate,
  POLICIES_MAX,
  SPANS_MAX,
  STORE_BYTES_MAX,
  spansOf,
  sumsOf,
} from './certificate.ts';
import { certificateAt, type FoundCertificates, readCertificates } from './certificate-reader.ts';
import { type Decided, decidedOf, keptBy } from './decided.ts';
import { destroyedKey } from './destroyed-key.ts';
import type { GoneObject } from './presence.ts';

export type CertifierTools = {
  readonly bucket: OwnBucket;
  readonly decisions: Pick<DecisionReader, 'look'>;
  readonly sha256: Sha256;
  readonly log: Logger;
  /** Where the archive lies, as people name it. */
  readonly storeName: string;
  readonly verifier: { readonly name: string; readonly version: string };
};

/** What a part of a pass has seen. */
export type SeenGone = {
  readonly report: Pick<ChainReport, 'origin' | 'verdict' | 'findings' | 'findingsOmitted'>;
  readonly size: number;
  readonly root: Uint8Array;
  readonly objects: readonly GoneObject[];
  readonly goneMs: number;
  /** When an earlier pass had seen that one there. Null: not known. */
  readonly thereMs: (sequence: number) => Promise<number | null>;
};

type Candidate = GoneObject & { readonly thereMs: number | null; readonly decidedUntilMs: number };

/** More than were ever findings of one code (FORMAT.md 9.8.6): so much else lies there. */
const MISSING_MAX = 2000;
const EARLY = 'data was found missing before its retention was over';
const EARLY_UNKNOWN =
  'so much data was found missing before its retention was over that not each has a finding of its own';

export class Certifier {
  readonly #tools: CertifierTools;

  constructor(tools: CertifierTools) {
    this.#tools = tools;
  }

  /** What lies there and is none is reported. Rejects if the bucket can't be read. */
  async certified(place: ChainInArchive, signal?: AbortSignal): Promise<FoundCertificates['found']> {
    const { found, foreign } = await readCertificates(this.#tools.bucket, place, signal);
    if (foreign.length > 0) await this.#tools.bucket.onForeign?.(foreign);
    return found;
  }

  /**
   * Writes what can be certified, and logs why the rest can't be. Rejects if the bucket can't be read or
   * written: then nothing is noted of the part, and the next run sees all of it again.
   */
  async certify(
    place: ChainInArchive,
    seen: SeenGone,
    signal?: AbortSignal,
  ): Promise<readonly Certificate[]> {
    if (seen.objects.length === 0 || place.chain === CANARY_CHAIN) return [];
    const { candidates, refused } = await this.#judge(place, seen, signal);
    for (const [why, count] of refused)
      this.#tools.log.warn(
        { ...place },
        `no certificate of ${counted(count, 'destroyed data object')}: ${why}`,
      );
    const written: Certificate[] = [];
    for (const group of groupsOf(candidates)) {
      const certificate = this.#certificateOf(place, seen, group.objects, group.decided);
      await this.#put(certificate, signal);
      written.push(certificate);
    }
    return written;
  }

  async #judge(place: ChainInArchive, seen: SeenGone, signal?: AbortSignal) {
    const refused = new Map<string, number>();
    const refuse = (why: string, count = 1) => refused.set(why, (refused.get(why) ?? 0) + count);
    const candidates: { readonly object: Candidate; readonly decided: Decided }[] = [];
    const troubled = troubledIn(seen.report);
    // After they were seen gone, so that every hold of that time is in it.
    const decided = decidedOf(await this.#tools.decisions.look(signal, true));
    const early =
      troubled === null || typeof decided === 'string' ? null : await this.#missingEarly(place, signal);
    const idOf = (key: string, sequence: number | null = null) =>
      findingId(chainScope(place), findingOf('data-missing', { key, sequence }), this.#tools.sha256);
    const isUnknown =
      early !== null && (early.size >= MISSING_MAX || MORE_KEYS.some((key) => early.has(idOf(key))));
    if (troubled === null) refuse('something is wrong with the chain', seen.objects.length);
    else if (typeof decided === 'string') refuse(decided, seen.objects.length);
    if (troubled === null || typeof decided === 'string' || early === null) return { candidates, refused };
    for (const object of seen.objects) {
      const { sequence, key } = object;
      const thereMs = await seen.thereMs(sequence);
      const { why, decidedUntilMs } = keptBy(decided, { ...place, sequence }, object, {
        thereMs,
        goneMs: seen.goneMs,
      });
      if (!object.isSound || troubled.has(sequence)) refuse('something is wrong with their seals');
      else if (early.has(idOf(key, sequence))) refuse(EARLY);
      else if (isUnknown) refuse(EARLY_UNKNOWN);
      else if (why !== null) refuse(why);
      else candidates.push({ object: { ...object, thereMs, decidedUntilMs }, decided });
    }
    return { candidates, refused };
  }

  /** Ids of what was ever a finding, open or closed. What lies at such a key and is no note counts too. */
  async #missingEarly(place: ChainInArchive, signal?: AbortSignal): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    const prefix = `${findingsPrefix(chainScope(place))}data-missing/`;
    for await (const { key } of this.#tools.bucket.store.listVersions(prefix, signal ? { signal } : {})) {
      const parsed = parseFindingKey(key);
      if (parsed !== null) ids.add(parsed.id);
      if (ids.size >= MISSING_MAX) break;
    }
    return ids;
  }

  #certificateOf(
    place: ChainInArchive,
    { report, size, root, goneMs }: SeenGone,
    objects: readonly Candidate[],
    { decisions, history }: Decided,
  ): Certificate {
    const copies = history === null ? [] : actsOf(history.acts, 'copy').map(({ act }) => act.detail.to);
    const times = objects.map(({ thereMs }) => thereMs);
    const decidedMs = Math.max(...objects.map(({ decidedUntilMs }) => decidedUntilMs));
    const { storeName, verifier } = this.#tools;
    return {
      ...{ ...place, first: objects[0]!.sequence, last: objects.at(-1)!.sequence },
      ...{ origin: report.origin, size, root, segments: spansOf(objects) },
      ...sumsOf(objects, this.#tools.sha256),
      decidedUntilMs: decidedMs === 0 ? null : decidedMs,
      decisions,
      copies: [...new Set(copies)].sort(compareKeys).slice(0, COPIES_MAX),
      thereMs: times.reduce((first, ms) => (first === null || ms === null ? null : Math.min(first, ms))),
      goneMs,
      store: isWord(storeName, STORE_BYTES_MAX) ? storeName : 'a place whose name is no word',
      verifier,
    };
  }

  async #put(certificate: Certificate, signal?: AbortSignal): Promise<void> {
    const { bucket, log } = this.#tools;
    const content = encodeCertificate(certificate);
    for (let copy = 0; copy <= COPY_MAX; copy++) {
      const parsed = { ...certificate, copy };
      const key = destroyedKey(parsed);
      await putNote(bucket, key, content, signal);
      // An answer that was lost, another process, or something else that lies there, perhaps under a marker.
      if ((await certificateAt(bucket, key, parsed, signal)) === null) continue;
      const { chain, partition, first, last, objects } = certificate;
      log.info({ chain, partition, first, last, objects, key }, 'certified as destroyed');
      return;
    }
    throw new LedgerstoneError(
      'no-certificate',
      `${destroyedKey({ ...certificate, copy: 0 })}: something else lies at each key for it`,
      {
        disposition: 'retriable',
        remedy: 'Somebody else writes to the attestation bucket: find out who, and remove the permission.',
      },
    );
  }
}

/** Segments with a fault. Null: something is wrong that is of no one segment, or nobody knows of which. */
function troubledIn({ verdict, findings, findingsOmitted }: SeenGone['report']): ReadonlySet<number> | null {
  if (verdict === 'verified') return new Set();
  if (findingsOmitted > 0) return null;
  const troubles = findings.filter(({ severity }) => severity === 'broken' || severity === 'unverifiable');
  const sequences = troubles.map(sequenceOf);
  return sequences.includes(null) ? null : new Set(sequences as number[]);
}

/** Of so few ranges and policies that one certificate has room for them. */
function* groupsOf(
  candidates: readonly { readonly object: Candidate; readonly decided: Decided }[],
): Generator<{ readonly objects: readonly Candidate[]; readonly decided: Decided }> {
  let objects: Candidate[] = [];
  let [spans, policies] = [0, new Set<string>()];
  const decided = candidates[0]?.decided;
  if (decided === undefined) return;
  for (const { object } of candidates) {
    const isNext = objects.at(-1)?.turn === object.turn - 1;
    const isFull =
      (!isNext && spans >= SPANS_MAX) || (policies.size >= POLICIES_MAX && !policies.has(object.policy));
    if (isFull) {
      yield { objects, decided };
      [objects, spans, policies] = [[], 0, new Set()];
    }
    if (!isNext || objects.length === 0) spans++;
    policies.add(object.policy);
    objects.push(object);
  }
  yield { objects, decided };
}
