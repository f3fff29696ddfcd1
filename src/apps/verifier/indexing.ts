// Which index of the archive does the verifier's configuration ask for?
import type { Logger } from '../../base/log.ts';
import { ANY_TOPIC } from '../../config/fields-file.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import { parseTarget } from '../../format/target.ts';
import { type IndexChecker, indexChecker } from '../../read/find/index/index-checker.ts';
import { SegmentIndexing } from '../../verifier/index/segment-indexing.ts';
import type { OwnBucket } from '../../verifier/own-bucket.ts';

/** Undefined: none. `checker`: by default one in the caller's thread. */
export function indexingOf(
  { index }: Pick<VerifierConfig, 'index'>,
  bucket: OwnBucket,
  log: Logger,
  checker: IndexChecker = indexChecker(0),
): SegmentIndexing | undefined {
  if (index === null) return undefined;
  const byName = new Map(
    Object.entries(index).map(([name, places]) => [name, places.filter((one) => parseTarget(one) !== null)]),
  );
  const fieldsOf = (chain: string, topic: string | null): readonly string[] =>
    byName.get(chain) ?? byName.get(topic ?? '') ?? byName.get(ANY_TOPIC) ?? [];
  return new SegmentIndexing({ bucket, checker, fieldsOf, log });
}
