// Does this seal follow the one before it?
import { equalBytes, toHex } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import type { Manifest } from '../format/manifest.ts';
import { parseTime } from '../format/time.ts';
import { append, leafHash, rootOf } from '../merkle/tree.ts';
import type { ArchiveReader, ArchiveVersion } from './archive-reader.ts';
import type { FindingCode, Problem } from './finding.ts';
import type { OpenedSeal } from './open-seal.ts';

/**
 * The rules between two neighbours of a chain (FORMAT.md: manifest). The rules of one seal are checked
 * elsewhere.
 */
export function linkProblems(before: OpenedSeal, next: OpenedSeal, sha256: Sha256): Problem[] {
  const problems: Problem[] = [];
  const expect = (code: FindingCode, name: string, expected: unknown, found: unknown) => {
    if (expected !== found) {
      problems.push({ code, expected: `${name} ${String(expected)}`, found: String(found) });
    }
  };
  const earlier = before.manifest;
  const later = next.manifest;
  expect('previous-mismatch', 'previous', before.manifestHash, later.previous);
  expect('malformed', 'origin', earlier.origin, later.origin);
  expect('malformed', 'source', sourceText(earlier), sourceText(later));
  expect('offset-gap', 'firstOffset', earlier.records.nextOffset, later.records.firstOffset);
  expect(
    'count-mismatch',
    'records.before',
    earlier.records.before + earlier.records.count,
    later.records.before,
  );
  const goesBack = (name: 'sealed' | 'anchored') =>
    parseTime(later.time[name]) < parseTime(earlier.time[name]);
  const backwards = (['sealed', 'anchored'] as const).find(goesBack);
  if (backwards !== undefined) {
    const expected = `time.${backwards} not before ${earlier.time[backwards]}`;
    problems.push({ code: 'clock-backwards', expected, found: later.time[backwards] });
  }
  // The root of the chain as it was followed, not the one from the seal's own proof.
  const root = rootOf(sha256, append(sha256, before.frontier, leafHash(sha256, next.seal.manifestBytes)));
  if (!equalBytes(root, next.root)) {
    problems.push({ code: 'root-mismatch', expected: `root ${toHex(root)}`, found: toHex(next.root) });
  }
  return problems;
}

/** The origin binds a seal to its folder, `chain/partition`. */
export const chainProblem = (origin: string, folder: string): Problem | null =>
  origin.endsWith(`/${folder}`) ? null : { code: 'malformed', expected: `origin …/${folder}`, found: origin };

/** The clocks of the writer and of this verifier may each be 60 s off the store's (FORMAT.md 7.5, 9.2.12). */
const AHEAD_MS_MAX = 120_000;

/** A seal can't be made after the store took it, nor after now. */
export function aheadProblem(
  { time }: Manifest,
  { lastModifiedMs }: Pick<ArchiveVersion, 'lastModifiedMs'>,
  { reader, nowMs }: { readonly reader: Pick<ArchiveReader, 'kind'>; readonly nowMs: number },
): Problem | null {
  const limit = (ms: number, whose: string): Problem | null =>
    parseTime(time.sealed) <= ms + AHEAD_MS_MAX
      ? null
      : {
          code: 'clock-ahead',
          expected: `time.sealed within 120 s after ${new Date(ms).toISOString()}, ${whose}`,
          found: time.sealed,
        };
  const isStores = reader.kind === 's3' && lastModifiedMs !== undefined;
  const byStore = isStores ? limit(lastModifiedMs, 'when the store took it') : null;
  return byStore ?? limit(nowMs, "by this verifier's clock");
}

/** The chain has had no seal for longer than it should. */
export function staleProblem(head: Manifest, nowMs: number, staleAfterMs: number): Problem | null {
  if (nowMs - parseTime(head.time.sealed) <= staleAfterMs) return null;
  const expected = `a seal within ${Math.round(staleAfterMs / 1000)} s`;
  return { code: 'stale-chain', expected, found: `last sealed ${head.time.sealed}` };
}

/** Members in one order: parseManifest refuses every other. */
const sourceText = (manifest: Manifest): string => JSON.stringify(manifest.source);
