// Which hits of a segment were too many to be kept while it was checked?
import { toHex } from '../../base/bytes.ts';
import { LIMITS } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { LineScanner } from '../../format/record.ts';
import type { StoreReader } from '../../store/store.ts';
import { VerifyError } from '../../verify/finding.ts';
import type { FoundLine } from '../line-range.ts';
import { linesOf, wholeRun } from '../segment-lines.ts';
import { LineMatcher } from './line-matcher.ts';
import type { ReadSegment } from './segment-walk.ts';

/**
 * Reads the object again, block by block. Its SHA-256 is that of the seal, so these are the very bytes that
 * were checked. Throws VerifyError if it is another one by now.
 */
export async function* laterHits(
  { seal, version, spec, found }: ReadSegment,
  store: StoreReader,
  signal: AbortSignal,
): AsyncGenerator<FoundLine> {
  const { data } = seal.manifest;
  if (data === null) return;
  const options = { maxBytes: LIMITS.dataBytesMax, signal };
  const stored = await store.read(version.key, version.versionId, options);
  const hash = toHex(nodeSha256(stored));
  if (hash !== data.sha256) {
    throw new VerifyError({
      code: 'data-altered',
      expected: data.sha256,
      found: `${hash}, while it was read`,
    });
  }
  const matcher = new LineMatcher(spec);
  const scanner = new LineScanner();
  let known = found.lines.length;
  for (const line of linesOf(stored, data, wholeRun(data))) {
    scanner.scan(line, 0, line.length);
    const { offset, nextOffset, gap, timestampMs } = scanner;
    const gapLine = gap === null ? null : scanner.gapLine;
    const isHit = matcher.isHit({
      ...{ content: line, start: 0, end: line.length, gapLine, timestampMs, plainAt: -1 },
    });
    if (isHit && known-- <= 0) yield { line, offset, nextOffset, isGap: false, timestampMs };
  }
}
