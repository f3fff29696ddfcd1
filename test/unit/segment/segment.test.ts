// What does makeSegment refuse, and does time ever go back in a chain?
import { describe, expect, it } from 'vitest';
import { portableSha256 as sha256 } from '../../../src/base/hash.ts';
import type { Continues } from '../../../src/format/manifest.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { emptyBody } from '../../../src/segment/body.ts';
import { type Head, makeSegment, newChainHead, type SegmentContext } from '../../../src/segment/segment.ts';
import { START_MS, signer } from '../../support/archive-builder.ts';

const ORIGIN = 'audit.example.com/prod/orders/0';
const head = newChainHead(ORIGIN, 'orders', 0, 7);

const context = (change: Partial<SegmentContext> = {}): SegmentContext => ({
  source: { kind: 'kafka', cluster: 'cluster-1', topic: 'orders', topicId: null, partition: 0 },
  continues: null,
  anchoredMs: START_MS,
  nowMs: START_MS,
  retention: { mode: 'COMPLIANCE', period: { months: 0, ms: 1000 }, policy: 'pci-12m' },
  keys: [encodeVkey(verifierKey(ORIGIN, signer().publicKey, sha256))],
  writer: { id: 'archiver-test', version: '1.0.0' },
  ...change,
});

describe('the head of a new chain', () => {
  it('has no segment, and no time yet', () => {
    expect(head).toMatchObject({ size: 0, records: 0, sealedMs: 0, manifestSha256: null, nextOffset: 7 });
  });
});

const older: Continues = {
  origin: 'audit.example.com/prod/orders-old/0',
  size: 3,
  root: 'ab'.repeat(32),
  nextOffset: 7,
  reason: 'a lost key',
  by: 'ops@example.com',
};
const segment = (at: Head, firstOffset: number, change: Partial<SegmentContext> = {}) =>
  makeSegment(sha256, at, emptyBody(sha256, firstOffset), context(change));

describe('a segment', () => {
  it('begins where the chain ends', () => {
    expect(segment(head, 7).after).toMatchObject({ size: 1, nextOffset: 7, records: 0 });
    expect(() => segment(head, 8)).toThrow('body starts at 8, head ends at 7');
  });

  it('continues another chain as the first of its own alone', () => {
    const first = segment(head, 7, { continues: older });
    expect(first.manifest.continues).toEqual(older);
    expect(() => segment(first.after, 7, { continues: older })).toThrow(
      'only the first segment of a chain continues another',
    );
  });

  it('is locked for calendar years, across 29 February too', () => {
    const until = (sealed: string, months: number) =>
      segment(head, 7, {
        nowMs: Date.parse(sealed),
        retention: { mode: 'COMPLIANCE', period: { months, ms: 0 }, policy: 'pci-12m' },
      }).manifest.retention.until;
    expect(until('2027-06-01T10:00:00.001Z', 12)).toBe('2028-06-01T10:00:01Z');
    expect(until('2026-11-22T10:00:00.000Z', 72)).toBe('2032-11-22T10:00:00Z');
    expect(until('2028-02-29T10:00:00.000Z', 12)).toBe('2029-03-01T00:00:00Z');
  });

  it('is never sealed before the one before it, whatever the clock says', () => {
    const first = segment(head, 7);
    const next = segment(first.after, 7, { nowMs: START_MS - 5000 });
    expect(next.manifest.time.sealed).toBe(first.manifest.time.sealed);
    expect(next.manifest.retention.until).toBe('2026-11-22T10:00:01Z');
    expect(segment(first.after, 7, { nowMs: START_MS + 5000 }).after.sealedMs).toBe(START_MS + 5000);
  });

  it.each([
    ['was confirmed a second ago', 4000, 4000],
    ['was confirmed by a clock that was behind that of the writer before', -60_000, 0],
    ['was confirmed before the clock was set back', 9000, 5000],
  ])('of a source that %s', (_, confirmedMs, expectedMs) => {
    const first = segment(head, 7);
    const next = segment(first.after, 7, { anchoredMs: START_MS + confirmedMs, nowMs: START_MS + 5000 });
    expect(next.after.anchoredMs).toBe(START_MS + expectedMs);
    expect(Date.parse(next.manifest.time.anchored)).toBe(START_MS + expectedMs);
  });
});
