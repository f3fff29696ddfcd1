// How do these tests get decisions that were read, without an archive around them?
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { governanceOrigin } from '../../../src/format/chain.ts';
import type { KafkaRecord, Line } from '../../../src/format/record.ts';
import { ActHistory } from '../../../src/verify/acts/history.ts';
import type { RecordedAct, SealedAt } from '../../../src/verify/acts/recorded-act.ts';
import { ORIGIN, START_MS } from '../../support/archive-builder.ts';
import { APPROVER, type Asked, actLine, actMaker, CHARTER } from '../../support/governed-archive.ts';

export const HOUR_MS = 3_600_000;

/** Each line is in a segment of its own. `sealedMs`: from the start of the archive on. */
export function actChain() {
  const history = new ActHistory({ origin: governanceOrigin(ORIGIN), sha256 });
  const make = actMaker();
  let offset = 0;
  /** What a reader says of the line; null: its act counts. */
  const addLine = (line: Line, sealedMs = 0, place: Partial<SealedAt> = {}): Promise<string | null> => {
    const at = { offset, sequence: offset + 100, sealedMs: START_MS + sealedMs, ...place };
    offset++;
    return history.add(line, at);
  };
  const add = async (
    asked: Asked,
    sealedMs = 0,
    change: Partial<KafkaRecord> = {},
  ): Promise<string | null> => {
    const record = { ...actLine(offset, await make(asked)), ...change };
    return addLine({ kind: 'entry', record }, sealedMs);
  };
  /** One that counts. */
  const decide = async (asked: Asked, sealedMs = 0): Promise<RecordedAct> => {
    const why = await add(asked, sealedMs);
    if (why !== null) throw new Error(why);
    return history.acts.at(-1)!;
  };
  const approve = (of: RecordedAct, sealedMs = 0, words: Partial<Asked> = {}) =>
    decide({ kind: 'approve', of: of.act.id, by: APPROVER, detail: {}, ...words }, sealedMs);
  /** Decided and approved: the act, which is in force. */
  const approved = async (asked: Asked, sealedMs = 0): Promise<RecordedAct> => {
    const recorded = await decide(asked, sealedMs);
    await approve(recorded, sealedMs);
    return recorded;
  };
  const done = (of: RecordedAct, sealedMs = 0) =>
    decide({ kind: 'done', of: of.act.id, detail: { objects: 1, changed: 1 } }, sealedMs);
  return { history, make, addLine, add, decide, approve, approved, done, next: () => offset };
}

export type ActChain = ReturnType<typeof actChain>;

/** The same with its charter, which allows 72 hours for an approval. */
export async function begunChain(charter: Asked = CHARTER): Promise<ActChain> {
  const chain = actChain();
  await chain.decide(charter);
  return chain;
}

export const range = (from = 0, to: number | null = null, partition: number | null = null) => ({
  ...{ chain: 'orders', partition, from, to },
});
export const place = (name: string, ...segments: ReturnType<typeof range>[]): Asked => ({
  kind: 'hold.place',
  detail: { case: name, segments: segments.length === 0 ? [range()] : segments },
});
export const reaffirm = (name: string): Asked => ({ kind: 'hold.reaffirm', detail: { case: name } });
export const release = (name: string): Asked => ({ kind: 'hold.release', detail: { case: name } });
export const extend = (until: string, ...segments: ReturnType<typeof range>[]): Asked => ({
  kind: 'retention.extend',
  detail: { segments: segments.length === 0 ? [range()] : segments, until },
});
