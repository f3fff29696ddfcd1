// Is a seal believed that says it was made after the store took it, or after now?
import { describe, expect, it } from 'vitest';
import type { ArchiveReader } from '../../../src/verify/archive-reader.ts';
import { ArchiveBuilder, entries, NOW_MS, START_MS } from '../../support/archive-builder.ts';
import { VerifierWorld } from '../../support/verifier-world.ts';
import { codesOf, findingsOf, verify, verifyBuilt } from './run-verify.ts';

const YEAR_8000_MS = Date.UTC(8000, 0);

async function sealed(...times: readonly number[]): Promise<ArchiveBuilder> {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  for (const sealedMs of times) await chain.seal({ lines: entries(chain.nextOffset, 2), sealedMs });
  return builder;
}

/** The builder's archive, all of whose objects a store took at one time. */
const takenAt = (
  builder: ArchiveBuilder,
  lastModifiedMs: number,
  kind: 's3' | 'directory',
): ArchiveReader => {
  const { archive } = builder;
  return {
    kind,
    async *listVersions(...args) {
      for await (const version of archive.listVersions(...args)) yield { ...version, lastModifiedMs };
    },
    read: (...args) => archive.read(...args),
    lock: (key, versionId) => archive.lock(key, versionId),
  };
};

describe("by the verifier's own clock", () => {
  it('is verified up to two minutes ahead, and not beyond', async () => {
    const atBound = await verifyBuilt(await sealed(START_MS, NOW_MS + 120_000));
    expect([atBound.verdict, codesOf(atBound)]).toEqual(['verified', []]);
    const beyond = await verifyBuilt(await sealed(START_MS, NOW_MS + 120_001));
    expect([beyond.verdict, codesOf(beyond)]).toEqual(['unverifiable', ['clock-ahead']]);
  });

  it('is no more than a notice of what was compared', async () => {
    const report = await verifyBuilt(await sealed(START_MS, YEAR_8000_MS));
    expect(findingsOf(report, 'clock-ahead')).toMatchObject([
      {
        severity: 'unverifiable',
        sequence: 1,
        expected: `time.sealed within 120 s after ${new Date(NOW_MS).toISOString()}, by this verifier's clock`,
        found: '8000-01-01T00:00:00.000Z',
      },
    ]);
    expect(report.chains[0]?.checkpoint).toBeNull();
  });
});

describe('by the time at which the store took it', () => {
  const made = () => sealed(START_MS, START_MS + 600_000);

  it.each([
    ['two minutes before it was made', 480_000, 's3', []],
    ['more than that before', 479_999, 's3', ['clock-ahead']],
    ['years later, as in a copy', 7 * 31_536_000_000, 's3', []],
    ['before, by a file whose time anybody can set', 0, 'directory', []],
  ] as const)('%s', async (_, afterMs, kind, codes) => {
    const builder = await made();
    const reader = takenAt(builder, START_MS + afterMs, kind);
    const report = await verify(reader, { trusted: builder.trusted });
    expect(codesOf(report)).toEqual(codes);
    expect(report.verdict).toBe(codes.length === 0 ? 'verified' : 'unverifiable');
  });

  it('names that time', async () => {
    const builder = await made();
    const report = await verify(takenAt(builder, START_MS, 's3'), { trusted: builder.trusted });
    expect(findingsOf(report, 'clock-ahead')[0]?.expected).toContain(
      `${new Date(START_MS).toISOString()}, when the store took it`,
    );
  });
});

it('the second party attests nothing from a seal of the future on', async () => {
  const world = new VerifierWorld();
  await world.grow(2);
  expect((await world.step()).isNew).toBe(true);
  world.made.push(
    await world.chain.seal({ lines: entries(world.chain.nextOffset, 1), sealedMs: YEAR_8000_MS }),
  );
  const step = await world.step();
  expect(step).toMatchObject({ isNew: false, verdict: 'unverifiable', confirmed: { size: 2 } });
  expect(step.findings.map(({ code }) => code)).toEqual(['clock-ahead']);
  expect(world.attestedSizes()).toEqual([2]);
});
