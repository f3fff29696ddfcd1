// What does a segment say of itself? (FORMAT.md: manifest)
import type { GapReason } from './line.ts';
import type { Encoding } from './paths.ts';

export { parseTime, parseUntil, TIME_MS_MAX, timeText, untilText } from './time.ts';

export type BlockInfo = {
  /** As stored. */
  readonly bytes: number;
  /** Decompressed. */
  readonly content: number;
  readonly lines: number;
};

export type SourceIdentity =
  | {
      readonly kind: 'kafka';
      readonly cluster: string;
      readonly topic: string;
      readonly topicId: string | null;
      readonly partition: number;
    }
  | { readonly kind: 'file'; readonly name: string; readonly partition: number }
  /** The governance chain's: what people decided. */
  | { readonly kind: 'acts'; readonly partition: number };

/** The older chain that this one goes on from. */
export type Continues = {
  readonly origin: string;
  readonly size: number;
  /** 64 hex digits. */
  readonly root: string;
  readonly nextOffset: number;
  readonly reason: string;
  readonly by: string;
};

export type Manifest = {
  readonly origin: string;
  readonly sequence: number;
  /** 64 hex digits: SHA-256 of the manifest before; null for sequence 0. */
  readonly previous: string | null;
  readonly continues: Continues | null;
  readonly source: SourceIdentity;
  readonly records: {
    /** Records of all segments before. */
    readonly before: number;
    readonly count: number;
    readonly firstOffset: number;
    readonly nextOffset: number;
    /** Offsets without a record, by reason; a reason that does not occur is absent. */
    readonly missing: Readonly<Partial<Record<GapReason, number>>>;
  };
  /** RFC 3339 with milliseconds and Z: `timeText`. */
  readonly time: {
    readonly first: string | null;
    readonly last: string | null;
    readonly anchored: string;
    readonly sealed: string;
  };
  /** The tree of the segment's lines. */
  readonly entries: { readonly size: number; readonly root: string };
  readonly data: {
    readonly key: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly encoding: Encoding;
    readonly blocks: readonly BlockInfo[];
  } | null;
  readonly retention: {
    readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
    /** RFC 3339 in whole seconds, with Z: `untilText`. */
    readonly until: string;
    readonly policy: string;
  };
  /** vkeys named with the chain's origin: every key that signs this checkpoint. */
  readonly keys: readonly string[];
  readonly writer: { readonly id: string; readonly version: string };
};
