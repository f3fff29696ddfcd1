// Does it show when the brokers have more, or less, than was sealed?
import { describe, expect, it } from 'vitest';
import { checkCompleteness, type Marks, type Sealed } from '../../../src/apps/verifier/completeness.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { PLACE } from '../../support/verifier-world.ts';

const NOW_MS = 1_000_000_000;
const HOUR_MS = 3_600_000;
const SEALED: Sealed = { place: PLACE, nextOffset: 100, lastSealedMs: NOW_MS - 2 * HOUR_MS };

const check = (marks: Marks | null | Error, sealed = SEALED, promisedMs: number | null = HOUR_MS) =>
  checkCompleteness(sealed, {
    reader: { marks: async () => (marks instanceof Error ? Promise.reject(marks) : marks) },
    nowMs: NOW_MS,
    promisedMs,
  });
const codes = async (...args: Parameters<typeof check>) =>
  (await check(...args)).findings.map(({ code, found }) => `${code}: ${found}`);

describe('sealed offsets against the brokers', () => {
  it.each<Marks>([
    { earliest: 0, end: 100 },
    { earliest: 100, end: 100 },
    { earliest: 50, end: 100 },
  ])('%j is complete, however old the last seal is', async (marks) => {
    expect(await check(marks)).toMatchObject({ findings: [], waiting: 0 });
  });

  it('that were never sealed and are gone are lost', async () => {
    expect(await codes({ earliest: 130, end: 150 }, SEALED, null)).toEqual([
      'offset-gap: the brokers begin at offset 130: 30 offsets are gone unsealed',
    ]);
  });

  it('that the brokers no longer have are another topic, or a loss of theirs', async () => {
    expect(await codes({ earliest: 0, end: 99 })).toEqual([
      'offset-gap: the brokers end at offset 99: they lost records, or the topic is another one',
    ]);
    expect(await codes(null)).toEqual(['offset-gap: no such partition']);
  });

  it('that wait are late only after the promised time', async () => {
    const marks = { earliest: 0, end: 107 };
    expect(await codes(marks)).toEqual(['stale-chain: 7 offsets wait, the last seal is 7200 s old']);
    expect(await check(marks, { ...SEALED, lastSealedMs: NOW_MS - HOUR_MS })).toMatchObject({
      findings: [],
      waiting: 7,
    });
    expect(await codes(marks, SEALED, null)).toEqual([]);
  });

  it.each([
    ['brokers that are away', new LedgerstoneError('unavailable', 'away')],
    ['offsets that can not be', { earliest: 5, end: 3 }],
    ['offsets that are none', { earliest: Number.NaN, end: 3 }],
  ])('%s: nothing is known, and nothing is closed', async (_, marks) => {
    const result = await check(marks);
    expect([result.findings.map(({ code }) => code), result.complete]).toEqual([['unreadable'], false]);
  });

  it('of a chain that is not known to its end: nothing is said', async () => {
    expect(await check({ earliest: 0, end: 0 }, { ...SEALED, nextOffset: null })).toEqual({
      findings: [],
      complete: false,
      waiting: null,
    });
  });
});
