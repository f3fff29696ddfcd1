// What ended a decision, which keys may still be named, and which losses are accepted? (FORMAT.md 13.4.4, 13.5.6, 13.6.8)
import { describe, expect, it } from 'vitest';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { governanceOrigin } from '../../../src/format/chain.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import {
  type AcceptedGap,
  acceptanceOf,
  acceptedGaps,
  acceptedText,
} from '../../../src/verify/acts/accepted-gaps.ts';
import { isPast, isUndone } from '../../../src/verify/acts/ended.ts';
import { rotations } from '../../../src/verify/acts/keys.ts';
import type { RecordedAct } from '../../../src/verify/acts/recorded-act.ts';
import { archiveKey, ORIGIN, START_MS, signer } from '../../support/archive-builder.ts';
import { APPROVER, type Asked, CHARTER, OFFICER, person } from '../../support/governed-archive.ts';
import { type ActChain, begunChain, extend, place, reaffirm, release } from './act-chain.ts';

const NOW_MS = START_MS + 1;
const KEY = encodeVkey(archiveKey(signer('next')));
const endOf = ({ history }: ActChain, recorded: RecordedAct, nowMs = NOW_MS) => history.end(recorded, nowMs);
const rotate = (key = KEY): Asked => ({
  kind: 'key.rotate',
  detail: { use: 'log', key, signer: 'kms:next' },
});
const introduce = (key = KEY, use: 'log' | 'cosigner' = 'log'): Asked => ({
  kind: 'key.introduce',
  detail: { use, key },
});
const retire = (key = KEY, use: 'log' | 'cosigner' = 'log'): Asked => ({
  kind: 'key.retire',
  detail: { use, key },
});
const policy = (period: string): Asked => ({
  kind: 'policy',
  detail: { policies: [{ name: 'pci', mode: 'COMPLIANCE', period }], chains: [] },
});

describe('the end of a decision', () => {
  it('is, of a hold, the first release of its case that was proposed behind it', async () => {
    const chain = await begunChain();
    await chain.approved(release('C-1'));
    const [hold, again] = [await chain.decide(place('C-1')), await chain.decide(reaffirm('C-1'))];
    await chain.approved(release('C-2'));
    const first = await chain.decide(release('C-1'));
    expect([hold, again, first].map((one) => endOf(chain, one))).toEqual([null, null, null]);
    await chain.approve(first);
    await chain.approved(release('C-1'));
    expect([endOf(chain, hold), endOf(chain, again)]).toEqual([{ by: first }, { by: first }]);
    expect(endOf(chain, first)).toBeNull();
  });

  it('is, of a policy or charter, the next one that came into force', async () => {
    const chain = await begunChain();
    const begun = chain.history.acts[0]!;
    const one = await chain.decide(policy('9y'));
    const [two, three] = [await chain.decide(policy('1y')), await chain.decide(policy('2y'))];
    const waiting = await chain.decide(policy('3y'));
    expect([one, begun].map((of) => endOf(chain, of))).toEqual([null, null]);
    await chain.approve(three);
    await chain.approve(two);
    expect([one, two, three, waiting].map((of) => endOf(chain, of))).toEqual([
      ...[{ by: three }, null, { by: two }, null],
    ]);
    expect(endOf(chain, begun)).toBeNull();
    const next = await chain.approved(CHARTER);
    expect(endOf(chain, begun)).toEqual({ by: next });
  });

  it('is, of a longer lock, its date', async () => {
    const chain = await begunChain();
    const longer = await chain.decide(extend('2036-01-01T00:00:00Z'));
    const end = Date.parse('2036-01-01T00:00:00Z');
    expect([end - 1, end].map((now) => endOf(chain, longer, now))).toEqual([null, { by: null }]);
    expect([end - 1, end].map((now) => isPast(longer, now))).toEqual([false, true]);
    expect(isPast(await chain.decide(place('C-1')), end)).toBe(false);
    expect([chain.history.isOpen(longer, end - 1), chain.history.isOpen(longer, end)]).toEqual([true, false]);
    expect(isUndone(longer)).toBe(true);
    await chain.done(longer);
    expect(isUndone(longer)).toBe(false);
  });

  it('is, of a change of keys, the next change or the retirement of its key', async () => {
    const chain = await begunChain();
    const [one, other] = [await chain.decide(rotate()), encodeVkey(archiveKey(signer('after next')))];
    expect(endOf(chain, one)).toBeNull();
    const two = await chain.decide(rotate(other));
    expect([endOf(chain, one), endOf(chain, two)]).toEqual([{ by: two }, null]);
    const retired = await chain.approved(retire());
    expect([endOf(chain, one), endOf(chain, two)]).toEqual([{ by: retired }, null]);
  });
});

describe('a key', () => {
  it('that was retired is neither introduced nor changed to any more', async () => {
    const chain = await begunChain();
    const proposed = await chain.decide(retire(), 60_000);
    expect([await chain.add(introduce()), await chain.add(rotate())]).toEqual([null, null]);
    await chain.approve(proposed, 60_000);
    // Of its seal: the act itself says 10:00.
    const why = `the key was retired by ${OFFICER} at 2026-11-22T10:01:00.000Z`;
    expect([await chain.add(introduce()), await chain.add(rotate())]).toEqual([why, why]);
    // The same key under another name; for another use it is another thing.
    const named = encodeVkey(archiveKey(signer('next'), 'other.example'));
    expect(await chain.add(introduce(named))).toBe(why);
    expect(await chain.add(introduce(KEY, 'cosigner'))).toBeNull();
    expect(await chain.add(introduce('any word'))).toBeNull();
    await chain.approved(retire('any word'), 60_000);
    expect(await chain.add(introduce('any word'))).toBe(why);
    expect(await chain.add(introduce('another word'))).toBeNull();
  });

  it('of another archive, or no key at all, is not changed to', async () => {
    const { add } = await begunChain();
    const why = 'its key is no verifier key of this archive';
    for (const key of [encodeVkey(archiveKey(signer('next'), 'other.example')), 'a word', KEY.slice(0, -4)])
      expect(await add(rotate(key))).toBe(why);
  });

  it('that nobody retired since is told to the archivers, in order', async () => {
    const chain = await begunChain();
    const other = archiveKey(signer('after next'));
    const [one, two] = [await chain.decide(rotate()), await chain.decide(rotate(encodeVkey(other)))];
    expect(rotations(chain.history, sha256)).toEqual([
      { recorded: one, key: archiveKey(signer('next')) },
      { recorded: two, key: other },
    ]);
    expect(rotations({ ...chain.history, acts: chain.history.acts, origin: 'x' }, sha256)).toEqual([]);
    await chain.approved(retire());
    expect(rotations(chain.history, sha256).map(({ recorded }) => recorded)).toEqual([two]);
    expect(chain.history.origin).toBe(governanceOrigin(ORIGIN));
  });
});

describe('losses that are accepted', () => {
  const accept = (from: number, to: number): Asked => ({
    kind: 'gap.accept',
    detail: { chain: 'orders', partition: 0, from, to },
  });

  it('are those of decisions in force, with who and why', async () => {
    const chain = await begunChain();
    const { history } = chain;
    await chain.decide(place('C-1'));
    const proposed = await chain.decide(accept(3, 5));
    expect(acceptedGaps({ history, isVerified: true })).toEqual([]);
    await chain.approve(proposed, 7);
    expect(acceptedGaps({ history, isVerified: false })).toEqual([]);
    const [gap, ...more] = acceptedGaps({ history, isVerified: true });
    expect([gap, more]).toEqual([
      {
        ...{ id: proposed.act.id, chain: 'orders', partition: 0, from: 3, to: 5, reason: 'A test' },
        ...{ by: OFFICER, approvedBy: APPROVER, since: '2026-11-22T10:00:00.007Z' },
      },
      [],
    ]);
    expect(acceptedText(gap!)).toBe(
      `accepted by ${OFFICER} and ${APPROVER} since 2026-11-22T10:00:00.007Z: A test`,
    );
  });

  const gap = (from: number, to: number, more: Partial<AcceptedGap> = {}) =>
    ({ chain: 'orders', partition: 0, from, to, ...more }) as AcceptedGap;
  const lost = { chain: 'orders', partition: 0, firstOffset: 10, lastOffset: 19 };

  it.each<[string, AcceptedGap[], number, number[]]>([
    ['none', [], 0, []],
    ['all', [gap(10, 19)], 10, [0]],
    ['more than all', [gap(0, 99)], 10, [0]],
    ['the first', [gap(0, 10)], 1, [0]],
    ['the last', [gap(19, 30)], 1, [0]],
    ['before it', [gap(0, 9)], 0, []],
    ['behind it', [gap(20, 30)], 0, []],
    ['the middle', [gap(12, 13)], 2, [0]],
    ['both ends of what is left', [gap(12, 13), gap(10, 11), gap(14, 15)], 6, [0, 1, 2]],
    ['the same twice', [gap(12, 13), gap(12, 13)], 2, [0]],
    ['what overlaps', [gap(12, 15), gap(14, 17)], 6, [0, 1]],
    ['another chain', [gap(10, 19, { chain: 'payments' })], 0, []],
    ['another partition', [gap(10, 19, { partition: 1 }), gap(11, 11)], 1, [1]],
  ])('%s', (_, accepted, offsets, by) => {
    expect(acceptanceOf(accepted, lost)).toEqual({ offsets, by: by.map((at) => accepted[at]) });
  });

  it('none of offsets that can not be read', () => {
    for (const range of [{ firstOffset: null }, { lastOffset: null }])
      expect(acceptanceOf([gap(0, 99)], { ...lost, ...range })).toEqual({ offsets: 0, by: [] });
  });
});

it('a charter with one officer who approves beside is enough', async () => {
  const people = [person(OFFICER, 'officer', 'approver'), person('Eve', 'officer')];
  const chain = await begunChain({ kind: 'charter', detail: { people, approval: { hours: 1 } } });
  const proposed = await chain.decide({ ...release('C-1'), by: 'Eve' });
  expect((await chain.approve(proposed, 0, { by: OFFICER })).act.by.name).toBe(OFFICER);
});
