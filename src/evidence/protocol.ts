// Who made this package, by which command, of which archive, and what came out? And what was read for it?
import { utf8 } from '../base/bytes.ts';
import type { Draw, SampleWords } from './draw.ts';
import type { OwnTimeFields } from './own-time.ts';
import type { ChainSummary } from './summary.ts';

/** What an auditor asks of whatever a program made (information produced by the entity). */
export type RunProtocol = {
  /** Who asked for it, in that person's own words. */
  readonly by: string;
  /** The account of the operating system and the machine, as the system says. */
  readonly account: { readonly user: string; readonly machine: string };
  /** The command line, word by word. */
  readonly command: readonly string[];
  readonly program: { readonly name: string; readonly version: string; readonly build: string };
  readonly archive: { readonly name: string; readonly origin: string };
  /** RFC 3339, by the clock of the machine. */
  readonly began: string;
  readonly ended: string;
};

/** Its digest and its signature are those of the package's manifest. */
export type Protocol = RunProtocol & {
  readonly case: string;
  readonly purpose: string;
  readonly events: number;
  readonly chains: readonly ChainSummary[];
  /** How the events were drawn, and from what. Absent: they are no sample. */
  readonly sample?: SampleWords;
  /** With which the command ended. A package is put in its place by a command that ends with 0 alone. */
  readonly exitCode: 0;
  /** Where else the handing over is recorded. */
  readonly recorded: string;
};

/** An act has the digest of the package, so the package can't have the act's id. */
export const RECORDED = {
  alone: 'in this protocol alone',
  leftOut:
    'in this protocol alone: the archive has a chain of decisions, and the command that made this package wrote ' +
    'nothing there',
  act:
    'in this protocol; and as an act in the chain of decisions, which is written once the package is whole: ' +
    '`ledgerstone custody check` says whether it is there',
} as const;

/** Both offsets are included. */
export type Offsets = { readonly from: number; readonly to: number };

/** Ranges of offsets of one chain. Whether all of them are there shows from the lines. */
export type OffsetsStatement = {
  readonly kind: 'offsets';
  readonly chain: string;
  readonly partition: number;
  /** In their order, without overlaps. */
  readonly asked: readonly Offsets[];
  /** What of it this part of the package has: all of it where there is one part. */
  readonly here: readonly Offsets[];
  /** Segments that were read whole and compared with their seals for this part. */
  readonly segmentsRead: number;
  readonly lines: number;
  readonly statement: string;
};

/** Ranges of one statement: each is compared with each event. */
export const RANGES_MAX = 1_000;

export const offsetsText = (ranges: readonly Offsets[]): string =>
  ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(',');

/** The sentence of the statement, from its other members. */
export const offsetsSentence = (about: Omit<OffsetsStatement, 'kind' | 'statement' | 'lines'>): string =>
  `Asked for: the offsets ${offsetsText(about.asked)} of ${about.chain}/${about.partition}, ends included. In this ` +
  `part: ${offsetsText(about.here)}. Each segment that holds one of them was read whole and compared with its seal ` +
  `(${about.segmentsRead}). Every line that covers one of these offsets is here, with its proof. Other offsets and ` +
  'other chains were not looked at.';

/**
 * What a search found. Which events it asks for, and that it found them all, is the word of who made the
 * package: the events alone do not show what was passed by.
 */
export type SearchStatement = {
  readonly kind: 'search';
  /** Of all parts, and of those before this one. */
  readonly hits: number;
  readonly before: number;
  readonly lines: number;
  readonly statement: string;
  /** All that `find --json` says of the search. Other members stay as they are. */
  readonly search: SearchWords;
};

/** What of a search a package shows. */
type SearchWords = {
  readonly isComplete: boolean;
  readonly asked: {
    readonly where: readonly string[];
    readonly text: readonly string[];
    /** RFC 3339; the end is not included. Null or absent: all times. */
    readonly time?: {
      readonly kind: 'record' | 'event' | 'sealed';
      readonly from: string | null;
      readonly to: string | null;
    } | null;
  };
  readonly leftOut: readonly string[];
  readonly facts: readonly string[];
  /** Absent in packages of versions before 1.0.0, which had it among `facts`. */
  readonly notLookedAt?: readonly string[];
  readonly bounds: readonly string[];
  readonly chains: readonly {
    readonly chain: string;
    readonly partition: number;
    readonly size: number | null;
    readonly root: string | null;
  }[];
};

/**
 * A sample of what a search found. That the events are those which the seed draws shows from them; that no
 * other record has a lower rank does not.
 */
export type SampleStatement = {
  readonly kind: 'sample';
  readonly before: number;
  readonly lines: number;
  readonly statement: string;
  readonly sample: Draw;
  /** What was looked at for the population. */
  readonly search: SearchWords;
};

export type PackageStatement = (OffsetsStatement | SearchStatement | SampleStatement) & {
  /** Where events of these chains have their own time. Absent: nobody said where. */
  readonly ownTime?: OwnTimeFields;
};

/** JSON as it stands in a package. The same value gives the same bytes. */
export const encodeDocument = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, null, 2)}\n`);
