// Does a check that goes on from an earlier one see all that a whole one sees behind it?
import { describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { HeldTo } from '../../../src/verify/acts/held-to.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import {
  type Confirmation,
  type ConfirmOptions,
  confirmChain,
  isAgainstConfirmed,
} from '../../../src/verify/confirm.ts';
import type { Finding, FindingCode } from '../../../src/verify/finding.ts';
import {
  ArchiveBuilder,
  archiveKey,
  type BuiltSegment,
  entries,
  NOW_MS,
  signer,
} from '../../support/archive-builder.ts';
import { tools, verifyBuilt } from './run-verify.ts';

const PLACE = { chain: 'orders', partition: 0 };

async function built(segments = 6) {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  const made: BuiltSegment[] = [];
  for (let i = 0; i < segments; i++) made.push(await chain.seal({ lines: entries(i * 5, 5) }));
  return { builder, chain, made };
}

const confirm = (builder: ArchiveBuilder, options: Partial<ConfirmOptions> = {}) =>
  confirmChain(builder.archive, PLACE, {
    confirmed: null,
    trusted: builder.trusted,
    depth: 'content',
    nowMs: NOW_MS,
    sha256: nodeSha256,
    checker: portableChecker(tools),
    ...options,
  });

const confirmedBy = (confirmation: Confirmation | null) => {
  const head = confirmation?.head;
  if (!head) throw new Error('nothing was confirmed');
  return { origin: head.manifest.origin, size: head.manifest.sequence + 1, root: head.root };
};
const codes = (confirmation: Confirmation | null) => [
  ...new Set(confirmation?.report.findings.map(({ code }) => code)),
];
const stopAfter = (seals: number) => {
  let left = seals;
  return () => --left > 0;
};

describe('a chain that is confirmed piece by piece', () => {
  it('comes to the root of the whole, and each piece reads its own data only', async () => {
    const { builder } = await built();
    const whole = await verifyBuilt(builder);
    let confirmed: ConfirmOptions['confirmed'] = null;
    const looked: number[] = [];
    for (let round = 0; round < 10; round++) {
      const one: Confirmation | null = await confirm(builder, {
        confirmed,
        mayGoOn: stopAfter(confirmed ? 3 : 2),
      });
      expect(one?.report.verdict).toBe('verified');
      looked.push(one?.report.checked.dataObjects ?? -1);
      confirmed = confirmedBy(one);
      if (one?.isAtEnd) break;
    }
    expect(looked).toEqual([2, 2, 2, 0]);
    expect(Buffer.from(confirmed?.root as Uint8Array).toString('hex')).toBe(whole.chains[0]?.root);
  });

  it('is at its end when nothing was added', async () => {
    const { builder } = await built(3);
    const again = await confirm(builder, { confirmed: confirmedBy(await confirm(builder)) });
    expect(again).toMatchObject({ isAtEnd: true, report: { verdict: 'verified', size: 3 } });
    expect(again?.report.checked).toMatchObject({ seals: 1, dataObjects: 0 });
  });

  it('may be written meanwhile: data without a seal yet is no finding', async () => {
    const { builder, chain } = await built(3);
    const next = await chain.seal({ lines: entries(15, 5) });
    builder.archive.remove(next.sealKey);
    expect(codes(await confirm(builder))).toEqual([]);
  });

  it('of which there is nothing is none', async () => {
    expect(await confirm(new ArchiveBuilder())).toBeNull();
  });
});

describe('behind the confirmed part', () => {
  async function confirmedAt(size: number) {
    const { builder, chain, made } = await built();
    const confirmed = confirmedBy(await confirm(builder, { mayGoOn: stopAfter(size) }));
    expect(confirmed.size).toBe(size);
    return { builder, chain, made, confirmed };
  }
  const seg = (made: BuiltSegment[], index: number) => made[index] as BuiltSegment;

  it('altered data is found', async () => {
    const { builder, made, confirmed } = await confirmedAt(3);
    builder.archive.alter(seg(made, 4).dataKey as string, (bytes) => {
      bytes[20] = (bytes[20] as number) ^ 1;
      return bytes;
    });
    const one = await confirm(builder, { confirmed });
    expect(one?.report.verdict).toBe('broken');
    expect(codes(one)).toContain('data-altered');
  });

  it('a missing seal is found', async () => {
    const { builder, made, confirmed } = await confirmedAt(3);
    builder.archive.remove(seg(made, 4).sealKey);
    expect(codes(await confirm(builder, { confirmed }))).toContain('sequence-gap');
  });

  it('a missing first seal is found', async () => {
    const { builder, made, confirmed } = await confirmedAt(3);
    builder.archive.remove(seg(made, 3).sealKey);
    expect(codes(await confirm(builder, { confirmed }))).toContain('sequence-gap');
  });

  it('another history by the same key is a fork', async () => {
    const { confirmed } = await confirmedAt(3);
    const replaced = new ArchiveBuilder();
    const forged = replaced.chain();
    for (let i = 0; i < 6; i++) await forged.seal({ lines: entries(i * 4, 4) });
    const one = await confirm(replaced, { confirmed });
    expect(one?.report.verdict).toBe('broken');
    expect(codes(one)).toContain('fork');
    const fork = one?.report.findings.find(({ code }) => code === 'fork');
    expect(`${fork?.expected} ${fork?.found}`).toContain('confirmed before');
  });

  it.each([2, 1, 0])('a chain cut to %d seals is a truncation', async (left) => {
    const { builder, made, confirmed } = await confirmedAt(3);
    for (const segment of made.slice(left)) builder.archive.remove(segment.sealKey);
    const one = await confirm(builder, { confirmed });
    expect(one?.report.verdict).toBe('broken');
    expect(codes(one)).toContain('truncation');
  });

  it("the confirmed seal's own key is believed, though only an earlier one is pinned", async () => {
    const { builder, chain } = await built(2);
    const [first, next] = [signer(), signer('next')];
    await chain.seal({ lines: entries(10, 5), signers: [first, next] });
    await chain.seal({ lines: entries(15, 5), signers: [next] });
    const confirmed = confirmedBy(await confirm(builder));
    await chain.seal({ lines: entries(20, 5), signers: [next] });
    const one = await confirm(builder, { confirmed, trusted: [archiveKey(first)] });
    expect(codes(one)).toEqual([]);
    expect(one?.head?.manifest.sequence).toBe(4);
    const forged = { ...confirmed, root: new Uint8Array(32) };
    expect(codes(await confirm(builder, { confirmed: forged, trusted: [archiveKey(first)] }))).toContain(
      'unknown-key',
    );
  });

  it('what was decided is held against what comes behind it, and not against it anew', async () => {
    const { builder, confirmed } = await confirmedAt(3);
    const asked: number[] = [];
    const heldTo = {
      ...{ casesOf: () => [], isHoldToCome: () => false, mayBeHeld: () => true, lockedUntilMs: () => 0 },
      sealProblems: (_: unknown, { sequence }: { sequence: number }) => {
        asked.push(sequence);
        return [];
      },
    } as Partial<HeldTo> as HeldTo;
    await confirm(builder, { confirmed, heldTo });
    expect(asked).toEqual([3, 4, 5]);
  });

  it('a seal of another key is not believed', async () => {
    const { builder, chain, confirmed } = await confirmedAt(6);
    await chain.seal({ lines: entries(30, 5), signers: [signer('thief')] });
    const one = await confirm(builder, { confirmed });
    expect(one?.report.verdict).toBe('unverifiable');
    expect(codes(one)).toEqual(['unknown-key']);
  });

  it('a lock that is too short is found, on the seal and on its data', async () => {
    const { builder, made, confirmed } = await confirmedAt(3);
    builder.archive.setLock(seg(made, 4).dataKey as string, null);
    builder.archive.setLock(seg(made, 5).sealKey, { mode: 'COMPLIANCE', untilMs: NOW_MS + 1000 });
    expect(codes(await confirm(builder, { confirmed })).sort()).toEqual(['lock-missing', 'retention-short']);
  });
});

it('another chain than the confirmed one is told from one that other words from outside contradict', () => {
  const against = (code: FindingCode, expected: string | null) =>
    isAgainstConfirmed({ code, expected } as unknown as Finding);
  for (const code of ['fork', 'truncation'] as const) {
    expect(against(code, 'root 00 at size 3: confirmed before')).toBe(true);
    expect(against(code, 'root 00 at size 3: a checkpoint that was given')).toBe(false);
    expect(against(code, null)).toBe(false);
  }
  expect(against('rollback', 'root 00 at size 3: confirmed before')).toBe(false);
});
