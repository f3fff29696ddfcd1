// Which keys sign an import's segments, and how does its chain take a new one? (FORMAT.md 6.14, 13.5.6)
import type { Clock } from '../base/clock.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import type { Period } from '../base/period.ts';
import { isImportChain } from '../format/chain.ts';
import type { Manifest } from '../format/manifest.ts';
import type { ChainReader } from '../read/chain-reader.ts';
import { Sealer } from '../sealing/sealer.ts';
import { emptyBody, type SegmentBody } from '../segment/body.ts';
import { type Head, headAfter, makeSegment } from '../segment/segment.ts';
import type { Signer } from '../sign/signer.ts';
import type { Lock, Store } from '../store/store.ts';
import { KEYS_CHANGE } from './import-chain.ts';

type Retention = { readonly mode: Lock['mode']; readonly period: Period; readonly policy: string };

/** Those of the configuration, and those that people decided on since. */
export type ImportKeys = {
  /** Whose signatures the next segment needs. Throws `import-chain` where it can sign with none of them. */
  keysAfter(head: Head): readonly string[];
  /** A decided key does not sign the chain alone yet. */
  isChanging(head: Head): boolean;
  signersOf(origin: string, keys: readonly string[]): readonly Signer[];
};

export type ChainTools = {
  readonly store: Store;
  /** Of the chain: `O/chain/0`. */
  readonly origin: string;
  readonly keys: ImportKeys;
  readonly retention: Retention;
  readonly sealRetention: Omit<Retention, 'policy'>;
  readonly version: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onTrouble: (error: unknown | null) => void;
};

/** One segment, sealed. `id`: of its writer. Null: another writer was there first. */
export async function carried(
  { keys, retention, version, clock, onTrouble }: ChainTools,
  sealer: Sealer,
  head: Head,
  id: string,
  body: SegmentBody = emptyBody(nodeSha256, head.nextOffset),
): Promise<Head | null> {
  const nowMs = clock.now();
  const source = { kind: 'file', name: head.chain, partition: 0 } as const;
  const segment = makeSegment(nodeSha256, head, body, {
    ...{ source, continues: null, anchoredMs: nowMs, nowMs, retention },
    ...{ keys: keys.keysAfter(head), writer: { id, version } },
  });
  return (await sealer.carry(segment, onTrouble)).kind === 'stored' ? segment.after : null;
}

/**
 * Segments without lines until the decided key signs alone: no archiver seals such a chain. Safe to repeat.
 * Null: another writer was there first.
 */
export async function bringOver(tools: ChainTools, sealer: Sealer, from: Head): Promise<Head | null> {
  let head = from;
  while (tools.keys.isChanging(head)) {
    const after = await carried(tools, sealer, head, KEYS_CHANGE);
    if (after === null) return null;
    head = after;
  }
  return head;
}

/** Where an import's chain stands, with the policy of its newest segment. Null: it is no import's. */
export async function importHead(
  reader: ChainReader,
): Promise<{ readonly head: Head; readonly policy: Manifest['retention']['policy'] } | null> {
  const { chain, partition } = reader;
  const { manifest, manifestHash, frontier } = await reader.seal(await reader.headSequence());
  if (!isImportChain(chain, manifest.source.kind) || partition !== 0) return null;
  const head = headAfter(chain, partition, manifest, manifestHash, frontier);
  return { head, policy: manifest.retention.policy };
}

export const chainSealer = ({ keys, store, clock, random, sealRetention, signal }: ChainTools): Sealer =>
  new Sealer({
    ...{ store, sha256: nodeSha256, clock, random, signal, sealRetention },
    signersOf: ({ manifest: { origin, keys: named } }) => keys.signersOf(origin, named),
    memory: { open: () => ({ hold: () => {}, release: () => {} }) },
  });
