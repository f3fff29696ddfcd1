// What does a segment say of itself?
import type { GapReason } from './line.ts';
import type { Encoding } from './paths.ts';

export type BlockInfo = { readonly bytes: number; readonly content: number; readonly lines: number };
export type Source =
  | {
      readonly kind: 'kafka';
      readonly cluster: string;
      readonly topic: string;
      readonly topicId: string | null;
      readonly partition: number;
    }
  | { readonly kind: 'file'; readonly name: string; readonly partition: number };
export type Continues = {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly nextOffset: number;
  readonly reason: string;
  readonly by: string;
};
export type Manifest = {
  readonly origin: string;
  readonly sequence: number;
  readonly previous: string | null;
  readonly continues: Continues | null;
  readonly source: Source;
  readonly records: {
    readonly before: number;
    readonly count: number;
    readonly firstOffset: number;
    readonly nextOffset: number;
    readonly missing: Readonly<Partial<Record<GapReason, number>>>;
  };
  /** RFC 3339 with milliseconds and Z. */
  readonly time: {
    readonly first: string | null;
    readonly last: string | null;
    readonly anchored: string;
    readonly sealed: string;
  };
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
    /** RFC 3339 in whole seconds, with Z. */
    readonly until: string;
    readonly policy: string;
  };
  /** vkeys named with the chain's origin. */
  readonly keys: readonly string[];
  readonly writer: { readonly id: string; readonly version: string };
};
/** Checks every local invariant. Throws FormatError. */
export function encodeManifest(_manifest: Manifest): Uint8Array {
  throw new Error('being written');
}
/** Strict: parse, validate, re-encode, compare. Throws FormatError. */
export function parseManifest(_bytes: Uint8Array): Manifest {
  throw new Error('being written');
}
/** The greatest record timestamp that counts for `time.first` and `time.last`: 9999-12-31T23:59:59.999Z. */
export const TIME_MS_MAX = 253_402_300_799_999;
/** RFC 3339, UTC, with milliseconds. Throws FormatError outside 0…TIME_MS_MAX. */
export function timeText(_ms: number): string {
  throw new Error('being written');
}
/** Whole seconds, rounded up: for `retention.until`. */
export function untilText(_ms: number): string {
  throw new Error('being written');
}
/** Milliseconds of either form. Throws FormatError. */
export function parseTime(_text: string): number {
  throw new Error('being written');
}
