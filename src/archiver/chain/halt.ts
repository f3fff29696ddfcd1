// Why can a partition not go on, and what may its operator do?
import { messageOf } from '../../base/error.ts';
import type { TopicPartition } from '../../ingest/source.ts';

/** Stable codes: shown by `status`, in metrics and the log; RUNBOOK.md says what to do about each. */
export const HALT_CODES = [
  'expired',
  'truncated',
  'hole',
  'replay',
  'disorder',
  'topic-replaced',
  'source-changed',
  'record-too-large',
  'undecodable',
  'unsealable',
  'seal-invalid',
  'newer-format',
  'seal-hole',
  'seal-hidden',
  'seal-ahead',
  'key-replaced',
  'chain-missing',
  'older-chain',
] as const;
export type HaltCode = (typeof HALT_CODES)[number];

export type Halt = {
  readonly code: HaltCode;
  readonly message: string;
  /** The command or the change that lets it go on. */
  readonly remedy: string;
  /** The offsets that an operator's gap would cover: [from, to). Null where a gap is not the answer. */
  readonly gap: { readonly from: number; readonly to: number } | null;
};

/** Thrown inside an actor's steps; the actor turns it into its HALTED state. */
export class HaltError extends Error {
  readonly halt: Halt;
  constructor(halt: Halt) {
    super(halt.message);
    this.name = 'HaltError';
    this.halt = halt;
  }
}

export const halt = (code: HaltCode, message: string, remedy: string, gap: Halt['gap'] = null): HaltError =>
  new HaltError({ code, message, remedy, gap });

export const RESUME = [
  'Decide whether these records may be missing, then record it: ledgerstone resume --config F',
  '--topic T --partition P --accept-gap --reason "…" --by "…"',
].join(' ');
export const NEW_CHAIN =
  'Give the topic a new chain in the configuration (`chain:` with `continues: {chain, reason, by}`) and restart.';

/** The segment that begins at `next` can't be made; `error` says why. */
export const unsealable = (where: string, next: number, error: unknown): HaltError =>
  halt(
    'unsealable',
    `the segment of ${where} from offset ${next} on can't be made: ${messageOf(error)}`,
    [
      'If the message names a time, check clock and `retention`. Otherwise this is a fault of the',
      'archiver: report it with its log. Nothing is lost; restart once it is mended.',
    ].join(' '),
  );

/** The log has at `offset` what was not sealed there, or nothing. */
export const replaced = ({ topic, partition }: TopicPartition, offset: number): HaltError =>
  halt(
    'topic-replaced',
    [
      `the record at offset ${offset} of ${topic}/${partition} is not the one that was sealed: the`,
      'topic was recreated or rewritten',
    ].join(' '),
    NEW_CHAIN,
  );
