// Whatever is done to a good archive, is it never `verified` without a reason, and never a crash?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKey } from '../../src/format/paths.ts';
import type { Report } from '../../src/verify/report.ts';
import { ArchiveBuilder, entries, signer, transactionGap } from '../support/archive-builder.ts';
import type { LawlessArchive } from '../support/lawless-archive.ts';
import { codesOf, verify } from '../unit/verify/run-verify.ts';

async function goodArchive(): Promise<ArchiveBuilder> {
  const builder = new ArchiveBuilder({ signers: [signer('log', 'ecdsa-p256')] });
  const orders = builder.chain('orders');
  await orders.seal();
  await orders.seal({ lines: [...entries(0, 4), transactionGap(4, 2)], linesPerBlock: 2 });
  await orders.seal({ lines: entries(6, 5), encoding: 'gzip', linesPerBlock: 3 });
  await orders.seal({ lines: entries(11, 3) });
  await builder.chain('orders', 1).fill(2, 3);
  return builder;
}

/** `where` and `what` are fractions of what there is to choose from: so a mutation fits every archive. */
type Mutation = {
  readonly kind: Kind;
  readonly where: number;
  readonly other: number;
  readonly what: number;
};

const KINDS = [
  'flip',
  'truncate',
  'append',
  'empty',
  'drop',
  'swap',
  'replace',
  'duplicate',
  'unlock',
  'marker',
  'version',
] as const;
type Kind = (typeof KINDS)[number];

const pick = <T>(from: readonly T[], fraction: number): T =>
  from[Math.min(from.length - 1, Math.floor(fraction * from.length))] as T;

/** Does it, and says which keys are touched. */
function mutate(archive: LawlessArchive, { kind, where, other, what }: Mutation): string[] {
  const keys = archive.keys();
  const key = pick(keys, where);
  const second = pick(
    keys.filter((each) => each !== key),
    other,
  );
  const bytes = archive.bytesOf(key) as Uint8Array;
  const at = Math.floor(what * bytes.length);
  switch (kind) {
    case 'flip':
      archive.alter(key, (b) => b.with(at, (b[at] as number) ^ (1 << Math.floor(other * 8))));
      return [key];
    case 'truncate':
      archive.alter(key, (b) => b.subarray(0, at));
      return [key];
    case 'append':
      archive.alter(key, (b) => new Uint8Array([...b, Math.floor(other * 256)]));
      return [key];
    case 'empty':
      archive.alter(key, () => new Uint8Array(0));
      return [key];
    case 'drop':
      archive.remove(key);
      return [key];
    case 'swap': {
      const theirs = archive.bytesOf(second) as Uint8Array;
      archive.alter(key, () => theirs);
      archive.alter(second, () => bytes);
      return [key, second];
    }
    case 'replace':
      archive.alter(key, () => archive.bytesOf(second) as Uint8Array);
      return [key];
    case 'duplicate':
      archive.put(`${key}${pick(['.bak', '/', '~', ' '], other)}`, bytes);
      return [];
    case 'unlock':
      archive.setLock(key, null);
      return [key];
    case 'marker':
      archive.marker(key);
      return [key];
    case 'version':
      archive.put(key, archive.bytesOf(second) as Uint8Array);
      return [key];
  }
}

/** Why an archive may be called verified after it: what cannot be seen, or changes nothing of the archive itself. */
function mayStayVerified({ kind }: Mutation, touched: readonly string[], report: Report): boolean {
  const codes = codesOf(report);
  switch (kind) {
    case 'marker':
      return codes.includes('delete-marker');
    case 'version':
      return codes.includes('extra-version');
    case 'duplicate':
      return codes.includes('foreign-object');
    case 'drop': {
      const parsed = parseKey(touched[0] as string);
      // Nothing refers to the stored keys and the specification; the newest seal's loss takes an earlier checkpoint to see.
      if (parsed?.kind === 'key' || parsed?.kind === 'format') return true;
      return parsed?.kind === 'seal' && parsed.sequence === (parsed.partition === 0 ? 3 : 2);
    }
    default:
      return false;
  }
}

describe('mutations of a good archive', () => {
  it('are found, or leave the archive as it is', async () => {
    const builder = await goodArchive();
    const { trusted } = builder;
    expect((await verify(builder.archive, { trusted })).verdict).toBe('verified');
    const fraction = () => fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const mutation = fc.record({
      kind: fc.constantFrom(...KINDS),
      where: fraction(),
      other: fraction(),
      what: fraction(),
    });
    const stayed = new Set<Kind>();
    await fc.assert(
      fc.asyncProperty(mutation, async (given) => {
        const archive = builder.archive.copy();
        const touched = mutate(archive, given);
        const report = await verify(archive, { trusted });
        if (report.verdict !== 'verified') return;
        stayed.add(given.kind);
        expect(mayStayVerified(given, touched, report), `${given.kind} of ${touched.join(' and ')}`).toBe(
          true,
        );
      }),
      { numRuns: 600 },
    );
    expect([...stayed].every((kind) => ['marker', 'version', 'duplicate', 'drop'].includes(kind))).toBe(true);
  });

  it('are found at every byte of a seal and of a data object', async () => {
    const builder = await goodArchive();
    const { trusted, archive: good } = builder;
    const keys = good.keys().filter((key) => /orders\/partition=0.*000000000002/.test(key));
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      const { length } = good.bytesOf(key) as Uint8Array;
      for (let at = 0; at < length; at++) {
        const archive = good.copy();
        archive.alter(key, (bytes) => bytes.with(at, (bytes[at] as number) ^ (1 << (at % 8))));
        const report = await verify(archive, { trusted, only: [{ chain: 'orders', partition: 0 }] });
        if (report.verdict === 'verified') throw new Error(`byte ${at} of ${key} can be changed unseen`);
      }
    }
  });
});
