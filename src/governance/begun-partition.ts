// Where does a segment of decisions go that begins another partition of their chain? (FORMAT.md 13.7.1)
import { toHex } from '../base/bytes.ts';
import type { ActDetail } from '../format/act-detail.ts';
import type { Continues } from '../format/manifest.ts';
import type { ActReading } from '../read/broken-acts.ts';
import type { Head } from '../segment/segment.ts';

/** What was read, and where the next segment goes if not behind it. */
export type ToSeal = ActReading & {
  readonly begins?: { readonly head: Head; readonly continues: Continues };
};

/** Right behind what was read. */
export const endOfRead = ({ head }: ActReading): ActDetail['continue'] => ({
  ...{ origin: head.manifest.origin, size: head.sequence + 1, root: toHex(head.root) },
});
