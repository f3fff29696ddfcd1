// How is a vector's archive made, before it is frozen?
import { toHex, utf8, utf8Text } from '../../src/base/bytes.ts';
import type { Period } from '../../src/base/period.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import type { Continues } from '../../src/format/manifest.ts';
import { leafHash, rootOfLeaves } from '../../src/merkle/tree.ts';
import type { FindingCode } from '../../src/verify/finding.ts';
import { ArchiveBuilder, type BuiltSegment, type ChainBuilder, entries, type SegmentWords } from '../support/archive-builder.ts';
import type { LockView } from '../support/lawless-archive.ts';

export type Made = {
  readonly builder: ArchiveBuilder;
  /** vkeys; those of the builder unless given. */
  readonly trusted?: readonly string[];
  readonly nowMs?: number;
  readonly since?: readonly Uint8Array[];
  readonly staleAfterMs?: number;
  readonly leastLock?: Period;
  readonly greatestLock?: Period;
  readonly tookMs?: number;
  readonly locks?: LockView;
  readonly unreadable?: readonly string[];
  /** Archives that are shown with it, each with its own codes. */
  readonly shown?: readonly { readonly builder: ArchiveBuilder; readonly trusted?: readonly string[]; readonly codes: readonly FindingCode[] }[];
};

export type ArchiveCase = {
  /** `good-`: no finding; `odd-`: findings that leave the verdict; `bad-`: not verified. */
  readonly name: string;
  readonly about: string;
  readonly codes: readonly FindingCode[];
  /** What a reader may report beside them, as a consequence of the same fault. */
  readonly mayAlso?: readonly FindingCode[];
  /** Of a plain copy, where it does not follow from `codes` by `copyCodes`. */
  readonly copy?: readonly FindingCode[] | null;
  /** What a cosigner that has attested nothing yet finds in each chain. */
  readonly cosigner?: Readonly<Record<string, readonly FindingCode[]>>;
  readonly make: () => Promise<Made>;
};

/** What a copy without locks and versions can't show, and what it says instead. */
const UNSEEN_IN_COPY: readonly FindingCode[] = [
  'lock-missing',
  'mode-not-compliance',
  'retention-short',
  'locks-not-permitted',
  'legal-hold-missing',
  'hold-without-act',
  'delete-marker',
  'extra-version',
];

export const copyCodes = (codes: readonly FindingCode[]): FindingCode[] =>
  [...new Set([...codes.filter((code) => !UNSEEN_IN_COPY.includes(code)), 'locks-not-applicable' as const])].sort();

export type Spoiled = { readonly builder: ArchiveBuilder; readonly chain: ChainBuilder; readonly built: BuiltSegment[] };

/** Segments 0 to 3, of which 2 is as `words` say. */
export async function archiveWith(words: SegmentWords, after = true): Promise<Spoiled> {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  const built = await chain.fill(1, 4);
  built.push(await chain.seal({ lines: entries(4, 4), linesPerBlock: 2, ...words }));
  if (after) built.push(await chain.seal({ lines: entries(chain.nextOffset, 2) }));
  return { builder, chain, built };
}

export const archive = (): Promise<Spoiled> => archiveWith({});
export const sealOf = (spoiled: Spoiled, sequence: number): string => spoiled.built[sequence]?.sealKey ?? '';
export const dataOf = (spoiled: Spoiled, sequence: number): string => spoiled.built[sequence]?.dataKey ?? '';

/** An archive spoiled after it was written. */
export const spoilt = (spoil: (spoiled: Spoiled) => unknown) => async (): Promise<Made> => {
  const spoiled = await archive();
  const more = await spoil(spoiled);
  return { builder: spoiled.builder, ...(more as Partial<Made> | undefined) };
};

/** An archive whose segment 2 was never right. */
export const written = (words: SegmentWords, after = true) => async (): Promise<Made> => ({
  builder: (await archiveWith(words, after)).builder,
});

export const flip =
  (at: number) =>
  (bytes: Uint8Array): Uint8Array => {
    const copy = bytes.slice();
    const index = at < 0 ? copy.length + at : at;
    copy[index] = (copy[index] as number) ^ 0x01;
    return copy;
  };

/** Another letter in the last signature. */
export const spoilSignature = (note: Uint8Array): Uint8Array => {
  const text = utf8Text(note);
  const at = text.length - 20;
  return utf8(text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1));
};

export const withoutLastSignature = (note: Uint8Array): Uint8Array =>
  utf8(`${utf8Text(note).trimEnd().split('\n').slice(0, -1).join('\n')}\n`);

export const headOf = (chain: ChainBuilder, change: Partial<Continues> = {}): Continues => ({
  origin: chain.origin,
  size: chain.manifests.length,
  root: toHex(rootOfLeaves(nodeSha256, chain.manifests.map((bytes) => leafHash(nodeSha256, bytes)))),
  nextOffset: chain.nextOffset,
  reason: 'a stray object at the next seal',
  by: 'ops@example.com',
  ...change,
});

/** `orders-2` goes on from `orders`, whose topic it reads. */
export async function handedOver(change: Partial<Continues> = {}, firstOffset = 4) {
  const builder = new ArchiveBuilder();
  const older = builder.chain('orders');
  await older.fill(1, 4);
  const newer = builder.chain('orders-2', 0, firstOffset);
  const source = { kind: 'kafka', cluster: 'cluster-1', topic: 'orders', topicId: null, partition: 0 } as const;
  await newer.seal({ source, continues: headOf(older, change) });
  await newer.seal({ source, lines: entries(firstOffset, 2) });
  return { builder, older, newer };
}

/** A zstd frame with one stored block. `header`: all between the magic number and that block. */
export function zstdFrame(content: Uint8Array, header: (size: Uint8Array) => readonly number[]): Uint8Array {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, content.length, true);
  const block = (content.length << 3) | 1;
  return Uint8Array.from([
    0x28, 0xb5, 0x2f, 0xfd, ...header(size), block & 255, (block >> 8) & 255, block >> 16, ...content,
  ]);
}

/** Removes every object whose key is like that. */
export const without = (pattern: RegExp) => (builder: ArchiveBuilder) => {
  for (const key of builder.archive.keys()) if (pattern.test(key)) builder.archive.remove(key);
};
