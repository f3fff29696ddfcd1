// What does an attacker of the corpus find? An archive and its attestations, as an honest writer and verifier left them.
import { AttestationReader } from '../../../src/verifier/attest/attestation-reader.ts';
import { concatBytes, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { attestationKey } from '../../../src/format/attestation.ts';
import { type CosignerKey, cosignatureLine, cosignedMessage, cosignerKey } from '../../../src/format/cosignature.ts';
import { encodeSignedCheckpoint, parseSignedCheckpoint } from '../../../src/format/note.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import type { FindingCode } from '../../../src/verify/finding.ts';
import {
  ArchiveBuilder, type BuiltSegment, type ChainBuilder, entries, NOW_MS, signer, transactionGap, YEAR_MS,
} from '../../support/archive-builder.ts';
import { LawlessArchive } from '../../support/lawless-archive.ts';

const VERIFIER = 'verifier.example.com/prod';
const VERIFIER_SEED = 'verifier key';

/**
 * Who did it. `outsider`: nobody's rights. `archiver-role`: puts new objects and signs with the log key.
 * `bucket-admin`: puts, places delete markers, changes what no lock holds. `log-key`: signs, without the bucket.
 * `store-operator`: rewrites any byte of what is shown, as one can in a plain copy. `verifier-role`: as the verifier.
 * Several together are named with a plus.
 */
type Power = string;

export type TamperCase = {
  readonly name: string;
  readonly about: string;
  readonly attacker: Power;
  /** The codes that show it; or why it can't be seen here, and what would show it. */
  readonly expect:
    | { readonly codes: readonly FindingCode[] }
    | { readonly undetectable: string; readonly needs: string };
  readonly act: (world: TamperWorld) => unknown;
};

const lock = { mode: 'COMPLIANCE', untilMs: NOW_MS + 7 * YEAR_MS } as const;

export class TamperWorld {
  readonly builder = new ArchiveBuilder();
  readonly orders: ChainBuilder = this.builder.chain();
  readonly payments: ChainBuilder = this.builder.chain('payments', 1);
  /** Segments 0 to 5 of orders/0; the newest that is attested is 4. */
  readonly segments: BuiltSegment[] = [];
  attestations = new LawlessArchive();
  readonly verifier: CosignerKey = cosignerKey(VERIFIER, signer(VERIFIER_SEED).publicKey, sha256);

  /** The archive that is shown to the auditor. */
  archive: LawlessArchive = this.builder.archive;

  static async honest(): Promise<TamperWorld> {
    const world = new TamperWorld();
    const { orders, payments, segments } = world;
    segments.push(await orders.seal());
    segments.push(await orders.seal({ lines: entries(0, 6), linesPerBlock: 3 }));
    segments.push(await orders.seal({ lines: [...entries(6, 2), transactionGap(8, 3), ...entries(11, 2)] }));
    await world.attest(orders, 3, segments[2] as BuiltSegment);
    segments.push(await orders.seal({ lines: entries(13, 5) }));
    segments.push(await orders.seal({ lines: entries(18, 5) }));
    await world.attest(orders, 5, segments[4] as BuiltSegment);
    segments.push(await orders.seal({ lines: entries(23, 5) }));
    await payments.seal();
    const last = await payments.seal({ lines: entries(0, 3) });
    await world.attest(payments, 2, last);
    return world;
  }

  segment(index: number): BuiltSegment {
    return this.segments[index] as BuiltSegment;
  }
  dataKey(index: number): string {
    return this.segment(index).dataKey as string;
  }

  /** Writes an attestation as the verifier does, of any note. */
  async attest(chain: ChainBuilder, size: number, built: Pick<BuiltSegment, 'note'>, by: Signer = signer(VERIFIER_SEED)) {
    const { text, signatures } = parseSignedCheckpoint(built.note);
    const key = cosignerKey(VERIFIER, by.publicKey, sha256);
    const seconds = Math.floor(NOW_MS / 1000);
    const line = cosignatureLine(key, seconds, await by.sign(cosignedMessage(key, text, seconds)));
    const bytes = encodeSignedCheckpoint(text, [...signatures, line]);
    this.attestations.put(attestationKey(chain.name, chain.partition, size), bytes, lock);
  }

  newest(place: { chain: string; partition: number }) {
    return new AttestationReader(this.attestations, [this.verifier]).newest(place, 4);
  }

  /** Another history of orders/0 from a size on, signed with the true log key: `lines` decides each segment's. */
  async fork(from: number, segments: number, note: string): Promise<TamperWorld> {
    const other = new TamperWorld();
    for (let index = 0; index < from + segments; index++) {
      const own = index < from ? this.linesOf(index) : entries(other.orders.nextOffset, 4).map((record) => ({ ...record, value: utf8(`{"${note}":${record.offset}}`) }));
      other.segments.push(await other.orders.seal(own.length === 0 ? {} : { lines: own, linesPerBlock: index === 1 ? 3 : 100 }));
    }
    return other;
  }

  linesOf(index: number) {
    return [[], entries(0, 6), [...entries(6, 2), transactionGap(8, 3), ...entries(11, 2)], entries(13, 5), entries(18, 5), entries(23, 5)][index] ?? [];
  }

  /** Shows the objects of orders/0 of another archive in place of this one's. */
  replaceOrders(other: TamperWorld): void {
    for (const key of this.archive.keys()) if (key.includes('topic=orders/')) this.archive.remove(key);
    for (const key of other.archive.keys()) {
      const bytes = other.archive.bytesOf(key);
      if (key.includes('topic=orders/') && bytes !== null) this.archive.put(key, bytes, lock);
    }
  }
}

export const flip = (at: number) => (bytes: Uint8Array) => {
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] as number) ^ 1;
  return bytes;
};
export const cut = (count: number) => (bytes: Uint8Array) => bytes.slice(0, bytes.length - count);
export const append = (more: Uint8Array) => (bytes: Uint8Array) => concatBytes(bytes, more);
export const replaceText = (from: string | RegExp, to: string) => (bytes: Uint8Array) => {
  const text = utf8Text(bytes);
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`nothing to replace: ${from}`);
  return utf8(changed);
};
export { lock as LOCK };
