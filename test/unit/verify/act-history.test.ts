// Which decisions count, by whom and when, and what is said of each that does not? (FORMAT.md 13.5)
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { governanceOrigin } from '../../../src/format/chain.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import type { KafkaRecord } from '../../../src/format/record.ts';
import { ActHistory } from '../../../src/verify/acts/history.ts';
import type { RecordedAct } from '../../../src/verify/acts/recorded-act.ts';
import { ORIGIN, START_MS, signer } from '../../support/archive-builder.ts';
import {
  APPROVER,
  type Asked,
  actLine,
  actMaker,
  CHARTER,
  junkAct,
  OFFICER,
  person,
  personPrint,
} from '../../support/governed-archive.ts';
import { actChain, begunChain, extend, HOUR_MS, place, release } from './act-chain.ts';

const EVE = 'Eve Mallory';
const approval = { hours: 72 };
const charter = (...people: ReturnType<typeof person>[]): Asked => ({
  kind: 'charter',
  detail: { people, approval },
});
const [ADA_P, GRACE_P] = [person(OFFICER, 'officer'), person(APPROVER, 'approver')];
const BOTH_P = person(EVE, 'officer', 'approver');
const about = (
  kind: 'approve' | 'withdraw',
  { act }: Pick<RecordedAct, 'act'>,
  words: Partial<Asked> = {},
): Asked => ({
  ...{ kind, of: act.id, detail: {}, by: kind === 'approve' ? APPROVER : OFFICER },
  ...words,
});
const done = ({ act }: Pick<RecordedAct, 'act'>, by = OFFICER): Asked => ({
  ...{ kind: 'done', of: act.id, by, detail: { objects: 1, changed: 0 } },
});

describe('a line', () => {
  it.each<[string, string, Partial<KafkaRecord>]>([
    ['with another offset', 'offset 7, expected 1', { offset: 7 }],
    ['with a key', 'a record with more than an act', { key: utf8('k') }],
    ['with a header', 'a record with more than an act', { headers: [{ name: utf8('a'), value: null }] }],
    ['with the time of a broker', 'a record with more than an act', { timestampType: 'append' }],
    ['without a value', 'a record without a value', { value: null }],
    [
      ...(['with another time', 'a timestamp of 7, and its act says 2026-11-22T10:00:00.000Z'] as const),
      { timestamp: 7n },
    ],
    ['of junk', 'act: no signature', { value: junkAct('{"hello":1}').value }],
  ])('%s is refused: %s', async (_, why, change) => {
    const { add, history } = await begunChain();
    expect(await add(place('C-1'), 0, change)).toBe(why);
    expect(history.acts).toHaveLength(1);
    const at = { offset: 1, sequence: 101, sealedMs: START_MS };
    expect(history.refused).toEqual([{ place: at, why, act: null }]);
  });

  it('that is a gap is refused', async () => {
    const { addLine } = await begunChain();
    const gap = { offset: 1, last: 1, reason: 'accepted', by: 'x', why: 'y' } as const;
    expect(await addLine({ kind: 'gap', gap })).toBe('a gap line');
  });

  it('of a later kind is kept, decides nothing and takes its id', async () => {
    const { addLine, make, history } = await begunChain();
    const { value } = await make({ kind: 'drill', detail: { report: 'a'.repeat(64) } });
    const known = JSON.parse(Buffer.from(value).toString());
    const request = Buffer.from(
      sha256(utf8(JSON.stringify(['vote', null, OFFICER, 'A test', null, known.detail]))),
    ).toString('hex');
    const record = {
      ...actLine(1, { value: utf8(JSON.stringify({ ...known, kind: 'vote', request })), timeMs: START_MS }),
    };
    expect(await addLine({ kind: 'entry', record })).toBeNull();
    expect([history.acts.length, history.refused.length, history.find(known.id)]).toEqual([1, 0, null]);
    expect(history.later).toMatchObject([{ place: { offset: 1 }, act: { kind: 'vote', id: known.id } }]);
    const again = await addLine({ kind: 'entry', record: { ...record, offset: 2 } });
    expect(again).toBe(`an earlier act has the id ${known.id}`);
  });

  it('is remembered with its place, and found by its id', async () => {
    const { decide, history } = await begunChain();
    const recorded = await decide(place('C-1'), 5);
    const at = { offset: 1, sequence: 101, sealedMs: START_MS + 5 };
    expect(recorded).toMatchObject({
      ...{ place: at, isForTwo: false, inForce: at, approvedBy: null, withdrawnBy: null, doneBy: null },
    });
    expect(history.find(recorded.act.id)).toBe(recorded);
    expect(history.find('0'.repeat(32))).toBeNull();
    expect(history.origin).toBe(governanceOrigin(ORIGIN));
  });

  it('has an id of its own, also after one that was refused', async () => {
    const { history, addLine } = await begunChain();
    const make = actMaker();
    await make(CHARTER); // the first id
    const stranger = await make({ ...place('C-1'), by: EVE });
    expect(await addLine({ kind: 'entry', record: actLine(1, stranger) })).toMatch(/is of nobody/);
    expect(history.refused).toMatchObject([{ act: { id: stranger.id } }]);
    const other = actMaker();
    await other(CHARTER);
    const same = await other(place('C-1'));
    expect(await addLine({ kind: 'entry', record: actLine(2, same) })).toBe(
      `an earlier act has the id ${same.id}`,
    );
  });
});

describe('who decides', () => {
  it.each<[string, string, Asked]>([
    ['something else than a charter', 'the first act is no charter', place('C-1')],
    [
      'the charter of a stranger',
      `the key ${personPrint(EVE).slice(0, 16)} is of nobody in the charter in force`,
      { ...CHARTER, by: EVE },
    ],
    ['a charter by its approver', `${APPROVER} is no officer`, { ...CHARTER, by: APPROVER }],
    [
      ...(['a charter with the key of a log', `the key of ${OFFICER} is named log`] as const),
      charter({ ...ADA_P, key: encodeCosignerVkey(cosignerKey('log', signer().publicKey, sha256)) }, GRACE_P),
    ],
  ])('first, %s: %s', async (_, why, asked) => {
    const { add, history } = actChain();
    expect(history.charter).toBeNull();
    expect(await add(asked)).toBe(why);
    expect([history.charter, history.acts]).toEqual([null, []]);
    expect(await add(CHARTER)).toBeNull();
    expect(history.charter?.hours).toBe(72);
  });

  it('a charter says who, with which roles and keys', async () => {
    const { history } = await begunChain();
    expect(history.charter?.people).toMatchObject([
      { name: OFFICER, roles: ['officer'], fingerprint: personPrint(OFFICER) },
      { name: APPROVER, roles: ['approver'], fingerprint: personPrint(APPROVER) },
    ]);
  });

  it.each<[string, string, Partial<Asked>]>([
    [
      'a stranger',
      `the key ${personPrint(EVE).slice(0, 16)} is of nobody in the charter in force`,
      { by: EVE },
    ],
    ['another name', `Ada signs with the key of ${OFFICER}`, { by: 'Ada', keyOf: OFFICER }],
    ['an approver', `${APPROVER} is no officer`, { by: APPROVER }],
    ['the key of another', `no valid signature by ${OFFICER}`, { signedBy: EVE }],
    [
      'a charter too, by a stranger',
      `the key ${personPrint(EVE).slice(0, 16)} is of nobody in the charter in force`,
      { ...charter(BOTH_P, ADA_P), by: EVE },
    ],
  ])('%s decides nothing', async (_, why, words) => {
    const { add, history } = await begunChain();
    expect(await add({ ...place('C-1'), ...words } as Asked)).toBe(why);
    expect(history.refused).toMatchObject([{ why, act: { by: { name: words.by ?? OFFICER } } }]);
  });

  it('nobody who seals decisions makes one, or is in a charter', async () => {
    const { make, addLine } = await begunChain();
    const asked = async (one: Asked, offset: number, sealedBy: string[]) =>
      addLine({ kind: 'entry', record: actLine(offset, await make(one)) }, 0, { sealedBy });
    const why = (name: string) => `the key of ${name} seals the decisions`;
    expect(await asked(place('C-1'), 1, ['x', personPrint(OFFICER)])).toBe(why(OFFICER));
    expect(await asked(place('C-1'), 2, [personPrint(APPROVER)])).toBeNull();
    expect(await asked(charter(ADA_P, BOTH_P), 3, [personPrint(EVE)])).toBe(why(EVE));
    expect(await asked(charter(ADA_P, BOTH_P), 4, [personPrint(APPROVER)])).toBeNull();
  });

  it('a signature is asked of whoever verifies', async () => {
    const history = new ActHistory({ origin: 'x', sha256, verify: async () => true });
    const line = { kind: 'entry', record: actLine(0, await actMaker()(CHARTER)) } as const;
    expect(await history.add(line, { offset: 0, sequence: 0, sealedMs: START_MS })).toBeNull();
  });

  it('what would be refused can be asked before', async () => {
    const { decide, history } = await begunChain();
    const { act } = await decide(place('C-1'));
    const at = { offset: 9, sequence: 9, sealedMs: START_MS };
    expect(history.refusal(act, at)).toBeNull();
    expect(history.refusal({ ...act, by: { ...act.by, name: 'Ada' } }, at)).toBe(
      `Ada signs with the key of ${OFFICER}`,
    );
    expect(history.refusal({ ...act, of: act.id }, at)).toBe(
      'an act of the kind hold.place is about no other act',
    );
  });
});

describe('what an act is about', () => {
  it.each(['approve', 'withdraw', 'done'] as const)('%s is about an act that counts', async (kind) => {
    const { add } = await begunChain();
    const detail = kind === 'done' ? { objects: 0, changed: 0 } : {};
    const asked = { kind, detail, by: kind === 'approve' ? APPROVER : OFFICER } as Asked;
    expect(await add(asked)).toBe('null is no act that counts');
    const of = 'f'.repeat(32);
    expect(await add({ ...asked, of })).toBe(`${of} is no act that counts`);
  });

  it('nothing else is about another act', async () => {
    const { add, history } = await begunChain();
    const why = 'an act of the kind hold.place is about no other act';
    expect(await add({ ...place('C-1'), of: history.acts[0]!.act.id })).toBe(why);
  });

  it('a done is of a demand in force, once, by officer or approver', async () => {
    const { add, decide, approve } = await begunChain();
    const hold = await decide(place('C-1'));
    const drill = await decide({ kind: 'drill', detail: { report: 'a'.repeat(64) } });
    expect(await add(done(drill))).toBe('an act of the kind drill demands nothing of the store');
    const proposed = await decide(release('C-1'));
    expect(await add(done(proposed))).toBe('the act is not in force');
    const first = await decide(done(hold, APPROVER));
    expect(hold.doneBy).toBe(first);
    expect(await add(done(hold))).toBe('the act is done already');
    await approve(proposed);
    expect(await add(done(proposed))).toBeNull();
    expect([hold.approvedBy, hold.withdrawnBy]).toEqual([null, null]);
  });

  it('an act is open from when it is in force until its done', async () => {
    const { decide, approve, history } = await begunChain();
    const now = START_MS;
    const drill = await decide({ kind: 'drill', detail: { report: 'a'.repeat(64) } });
    const longer = await decide(extend('2030-01-01T00:00:00Z'));
    const proposed = await decide(release('C-1'));
    const open = () => [drill, longer, proposed].map((one) => history.isOpen(one, now));
    expect(open()).toEqual([false, true, false]);
    await approve(proposed);
    await decide(done(longer));
    expect(open()).toEqual([false, false, true]);
  });
});

describe('two persons', () => {
  const KINDS: readonly Asked[] = [
    release('C-1'),
    { kind: 'key.retire', detail: { use: 'log', key: 'x' } },
    { kind: 'gap.accept', detail: { chain: 'orders', partition: 0, from: 0, to: 1 } },
    { kind: 'disclose', detail: { case: 'C-1', to: 'x', what: 'y' } },
    charter(ADA_P, BOTH_P),
  ];
  it.each(KINDS.map((one) => [one.kind, one] as const))(
    '%s is in force when it is approved',
    async (_, asked) => {
      const { decide, history } = await begunChain();
      const proposed = await decide(asked);
      expect([proposed.isForTwo, proposed.inForce, history.isWaiting(proposed, START_MS)]).toEqual([
        true,
        null,
        true,
      ]);
      const approval = await decide(about('approve', proposed), 7);
      expect([proposed.approvedBy, proposed.inForce]).toEqual([approval, approval.place]);
      expect([proposed.withdrawnBy, proposed.doneBy]).toEqual([null, null]);
      expect(history.isWaiting(proposed, START_MS)).toBe(false);
      expect([approval.isForTwo, approval.inForce]).toEqual([false, approval.place]);
    },
  );

  it('what needs one person is neither approved nor withdrawn, nor does it wait', async () => {
    const { add, decide, history } = await begunChain();
    const hold = await decide(place('C-1'));
    for (const kind of ['approve', 'withdraw'] as const)
      expect(await add(about(kind, hold))).toBe('the act needs no second person');
    expect(history.isWaiting(hold, START_MS)).toBe(false);
  });

  it('what is withdrawn or in force stays so', async () => {
    const { add, decide, approve, history } = await begunChain();
    const [one, two] = [await decide(release('C-1')), await decide(release('C-2'))];
    const withdrawal = await decide(about('withdraw', one));
    expect([one.withdrawnBy, one.inForce, one.approvedBy]).toEqual([withdrawal, null, null]);
    expect(history.isWaiting(one, START_MS)).toBe(false);
    await approve(two);
    for (const kind of ['approve', 'withdraw'] as const) {
      expect(await add(about(kind, one))).toBe('the act was withdrawn');
      expect(await add(about(kind, two))).toBe('the act is in force already');
    }
  });

  it('it has to be an approver', async () => {
    const { add, decide } = await begunChain();
    const why = `${OFFICER} is no approver`;
    expect(await add(about('approve', await decide(release('C-1')), { by: OFFICER }))).toBe(why);
  });

  it('it has to be another person, by name, key and principal', async () => {
    const { add, decide } = await begunChain(charter(ADA_P, GRACE_P, BOTH_P));
    const own = await decide({ ...release('C-1'), by: EVE });
    expect(await add(about('approve', own, { by: EVE }))).toBe(
      `${EVE} proposed it: somebody else must approve`,
    );
    const known = await decide({ ...release('C-1'), principal: 'arn:1' });
    expect(await add(about('approve', known, { principal: 'arn:1' }))).toBe(
      'proposed and approved as arn:1: it must be two',
    );
    expect(await add(about('approve', known, { principal: 'arn:2' }))).toBeNull();
    expect(await add(about('approve', own, { principal: null }))).toBeNull();
  });

  it.each<[string, ReturnType<typeof person>[], Partial<Asked>]>([
    // Eve proposed it. Now somebody else has her key, or she has another one.
    [
      'the key under another name',
      [{ ...BOTH_P, name: 'Eve Newname' }, ADA_P],
      { by: 'Eve Newname', keyOf: EVE },
    ],
    [
      'the name with another key',
      [{ ...BOTH_P, key: person('Zoe', 'officer').key }, ADA_P],
      { by: EVE, keyOf: 'Zoe' },
    ],
  ])('%s is no other person', async (_, people, words) => {
    const { add, decide, approved } = await begunChain(charter(ADA_P, GRACE_P, BOTH_P));
    const proposed = await decide({ ...release('C-1'), by: EVE });
    await approved(charter(...people));
    expect(await add(about('approve', proposed, words))).toBe(
      `${words.by} proposed it: somebody else must approve`,
    );
  });

  it.each<[string, ReturnType<typeof person>[]]>([
    ['is not there', [BOTH_P, GRACE_P]],
    ['is there under another name', [{ ...ADA_P, name: 'Zoe' }, GRACE_P]],
    ['is an approver now', [{ ...ADA_P, roles: ['approver'] }, BOTH_P, GRACE_P]],
  ])('nobody can approve what somebody proposed who %s', async (_, people) => {
    const { add, decide, approved } = await begunChain();
    const proposed = await decide(release('C-1'));
    await approved(charter(...people));
    expect(await add(about('approve', proposed))).toBe(
      `${OFFICER}, who proposed it, is no officer of the charter in force any more`,
    );
  });

  it('within the hours of the charter, to the millisecond', async () => {
    const { add, decide, history } = await begunChain();
    const proposed = await decide(release('C-1'), 5);
    const end = 5 + 72 * HOUR_MS;
    expect(history.isWaiting(proposed, START_MS + end)).toBe(true);
    expect(history.isWaiting(proposed, START_MS + end + 1)).toBe(false);
    expect(await add(about('approve', proposed), end + 1)).toBe(
      'approved more than 72 hours after it was proposed at 2026-11-22T10:00:00.005Z',
    );
    expect(await add(about('approve', proposed), end)).toBeNull();
    // Without a charter there is no time.
    const nothing = actChain().history;
    const waiting = { ...proposed, inForce: null };
    expect([START_MS + 5, START_MS + 6].map((now) => nothing.isWaiting(waiting, now))).toEqual([true, false]);
  });

  it('a charter holds from its approval on', async () => {
    const { decide, approve, add, history } = await begunChain();
    const hold = { ...place('C-1'), by: EVE };
    const next = await decide({
      ...charter(BOTH_P, GRACE_P),
      detail: { people: [BOTH_P, GRACE_P], approval: { hours: 1 } },
    } as Asked);
    expect(await add(hold)).toMatch(/of nobody/);
    expect(history.charter?.hours).toBe(72);
    await approve(next);
    expect(await add(hold)).toBeNull();
    expect(history.charter?.hours).toBe(1);
    expect(await add(place('C-1'))).toMatch(/of nobody/);
  });
});

describe('policies', () => {
  const pci = (period: string, mode: 'COMPLIANCE' | 'GOVERNANCE' = 'COMPLIANCE', name = 'pci') => ({
    name,
    mode,
    period,
  });
  const policy = (policies: ReturnType<typeof pci>[], chains: Record<string, string> = {}): Asked => ({
    kind: 'policy',
    detail: { policies, chains: Object.entries(chains).map(([chain, name]) => ({ chain, policy: name })) },
  });
  const long = pci('2y', 'COMPLIANCE', 'long');
  it.each<[string, Asked, Asked, boolean]>([
    ['the same again', policy([pci('1y')]), policy([pci('1y')]), false],
    ['a year as months', policy([pci('1y')]), policy([pci('12mo')]), false],
    ['a year as days', policy([pci('1y')]), policy([pci('365d')]), false],
    // From 2001-01-01 on: 2004 is a leap year, and it has 31 days in January.
    ['three years as days', policy([pci('3y')]), policy([pci('1095d')]), false],
    ['a month instead of its days', policy([pci('31d')]), policy([pci('1mo')]), false],
    ['a day less', policy([pci('1y')]), policy([pci('364d')]), true],
    ['longer', policy([pci('1y')]), policy([pci('366d')]), false],
    ['governance instead', policy([pci('1y')]), policy([pci('1y', 'GOVERNANCE')]), true],
    ['compliance instead', policy([pci('1y', 'GOVERNANCE')]), policy([pci('1y')]), false],
    ['governance as before', policy([pci('1y', 'GOVERNANCE')]), policy([pci('1y', 'GOVERNANCE')]), false],
    ['one is missing', policy([pci('1y'), long]), policy([pci('1y')]), true],
    ['one more', policy([pci('1y')]), policy([long, pci('1y')]), false],
    ['a chain is missing', policy([long, pci('1y')], { a: 'pci' }), policy([long, pci('1y')]), true],
    ['a chain more', policy([pci('1y')]), policy([pci('1y')], { a: 'pci' }), false],
    [
      'a chain has a shorter one',
      policy([long, pci('1y')], { a: 'long' }),
      policy([long, pci('1y')], { a: 'pci' }),
      true,
    ],
    [
      'a chain has a longer one',
      policy([long, pci('1y')], { a: 'pci' }),
      policy([long, pci('1y')], { a: 'long' }),
      false,
    ],
    [
      ...([
        'the other one of two chains has a shorter one',
        policy([long, pci('1y')], { a: 'pci', b: 'long' }),
      ] as const),
      ...([policy([long, pci('1y')], { a: 'long', b: 'pci' }), true] as const),
    ],
    [
      'two chains as they were',
      policy([long, pci('1y')], { a: 'pci', b: 'long' }),
      policy([long, pci('1y')], { b: 'long', a: 'pci' }),
      false,
    ],
  ])('%s', async (_, before, after, isForTwo) => {
    const { decide } = await begunChain();
    expect((await decide(before)).isForTwo).toBe(false);
    expect((await decide(after)).isForTwo).toBe(isForTwo);
  });

  it('the newest is the one that came into force last', async () => {
    const { decide, approve, history } = await begunChain();
    const period = () => history.policyBefore()?.policies[0]?.period;
    expect([period(), history.newest('policy')]).toEqual([undefined, null]);
    await decide(policy([pci('3y')]));
    const [two, one] = [await decide(policy([pci('2y')])), await decide(policy([pci('1y')]))];
    expect([two.isForTwo, period()]).toEqual([true, '3y']);
    await approve(one);
    expect(period()).toBe('1y');
    await approve(two);
    expect([period(), history.newest('policy')]).toEqual(['2y', two.act]);
    expect(history.newest('drill')).toBeNull();
  });
});
