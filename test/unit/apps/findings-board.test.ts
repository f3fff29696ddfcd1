// Which findings does the page list, whose answers count, and what settles a loss?
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Board,
  type BoardFinding,
  boardReader,
  FindingsBoard,
} from '../../../src/apps/verifier/findings-board.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { VerifierConfig } from '../../../src/config/verifier.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../../src/format/chain.ts';
import { cosignerKey } from '../../../src/format/cosignature.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { DecisionReader } from '../../../src/read/decision-reader.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import { decisionFindings } from '../../../src/verifier/decisions.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { chainScope } from '../../../src/verifier/findings/record.ts';
import {
  encodeResponse,
  personKey,
  personKeyId,
  responseKey,
} from '../../../src/verifier/findings/response.ts';
import { putNote } from '../../../src/verifier/own-bucket.ts';
import { type Finding, findingOf } from '../../../src/verify/finding.ts';
import {
  archiveKey,
  entries,
  NOW_MS,
  ORIGIN,
  START_MS,
  signer,
  YEAR_MS,
} from '../../support/archive-builder.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  APPROVER,
  CHARTER,
  GOVERNANCE_KEY,
  type Governed,
  governedArchive,
  OFFICER,
} from '../../support/governed-archive.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { NOTES } from '../../support/note-signing.ts';
import { STILL } from '../../support/verifier-world.ts';

const RETENTION = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
const SCOPE = chainScope({ chain: 'orders', partition: 0 });
const gap = (offset: number, last: number, by = 'J. Doe') => ({
  ...{ offset, last, reason: 'expired' as const, by, why: 'outage' },
});
const STRANGER = signer('a stranger');
const NAMED = signer('named in verifier.yaml');
const officer = (name: string) => signer(`person ${name}`);

let governed: Governed;
let clock: FakeClock;
let own: MemoryStore;
let archive: MemoryStore;
let copied: Set<string>;
let ledger: Ledger;
/** The finding about offsets 6 to 9 and 12 of orders/0. */
let loss: Finding;

beforeEach(async () => {
  governed = await governedArchive();
  const { sealKey: sealed } = await governed.events.seal({
    lines: [gap(6, 9), ...entries(10, 2), gap(12, 12)],
  });
  const sequence = Number(/(\d{12})/.exec(sealed)?.[1]);
  copied = new Set();
  archive = memoryStore({ clock: { ...STILL, now: () => START_MS } });
  clock = new FakeClock({ auto: true, startMs: NOW_MS });
  own = memoryStore({ clock });
  ledger = new Ledger({
    ...{ store: own, retention: RETENTION, clock, ...NOTES, sha256: nodeSha256, channels: ['log', 'sns'] },
    verifier: { name: 'v', version: '1' },
  });
  const [found] = decisionFindings({
    gaps: [
      { firstOffset: 6, lastOffset: 9, reason: 'expired', by: 'J. Doe', why: 'outage', sequence, sealed: '' },
    ],
    ...{ gapsOmitted: 0, continues: null },
  } as never);
  loss = found as Finding;
});

const reader = (keys = [signer(), GOVERNANCE_KEY()]) => {
  for (const key of governed.builder.archive.keys())
    if (!copied.has(key) && copied.add(key))
      archive.attacker.putVersion(key, governed.builder.archive.bytesOf(key) as Uint8Array);
  const trusted = keys.map((key, at) => archiveKey(key, at === 1 ? governanceOrigin(ORIGIN) : ORIGIN));
  const config = {
    archive: { trusted },
    cosigner: { earlier: [] },
    people: [cosignerKey('person', NAMED.publicKey, nodeSha256)],
  } as unknown as VerifierConfig;
  const decisions = new DecisionReader({ archive, trusted, sha256: nodeSha256, clock });
  const step = { attester: { key: NOTES.signing.key }, decisions };
  return boardReader(config, { own, archive, step, clock } as never);
};
const read = (...args: Parameters<typeof reader>): Promise<Board> =>
  reader(...args)(new AbortController().signal);
async function open(...findings: readonly Finding[]): Promise<void> {
  const { opened } = await ledger.report(SCOPE, findings, { check: 'confirm', complete: false });
  for (const channel of ['log', 'sns']) await ledger.notified(SCOPE, opened, channel);
}
async function only(...args: Parameters<typeof reader>): Promise<BoardFinding> {
  const { findings } = await read(...args);
  expect(findings).toHaveLength(1);
  return findings[0] as BoardFinding;
}
async function answer(by: Signer, kind: 'ack' | 'resolve', name = 'Somebody'): Promise<void> {
  const one = await only();
  const seconds = Math.floor(clock.now() / 1000);
  const keyId = personKeyId(by.publicKey, nodeSha256);
  const response = {
    ...{ scope: SCOPE.name, code: one.file.finding.code, id: one.id, opening: 0, kind, seconds, keyId },
    ...{ by: name, text: 'dealt with', atMs: clock.now() },
  } as const;
  const key = personKey(by.publicKey, nodeSha256);
  const signing = { ...NOTES.signing, cosigners: [key], key, signer: by };
  await putNote(
    { store: own, retention: RETENTION, clock, signing },
    responseKey(response),
    encodeResponse(response),
  );
  await clock.advance(120_000);
}
const accept = async (from: number, to: number, isApproved = true) => {
  const of = await governed.decide({
    kind: 'gap.accept',
    detail: { chain: 'orders', partition: 0, from, to },
  });
  if (isApproved) await governed.decide({ kind: 'approve', of, by: APPROVER, detail: {} });
};

describe('the list', () => {
  it('has the open findings, the newest first, with whom they reached', async () => {
    await open(findingOf('data-altered', { key: 'a', versionId: 'v' }));
    await clock.advance(60_000);
    await open(findingOf('stale-chain', {}));
    const { findings, omitted, asOfMs } = await read();
    expect(findings.map(({ file }) => file.finding.code)).toEqual(['stale-chain', 'data-altered']);
    expect([omitted, asOfMs, findings[0]?.notified]).toEqual([0, clock.now(), ['log', 'sns']]);
  });

  it('has none that is closed, and none that somebody else wrote', async () => {
    await open(findingOf('data-altered', { key: 'a', versionId: 'v' }));
    await ledger.report(SCOPE, [], { check: 'confirm', complete: true });
    const [key] = own.keys().filter((one) => one.endsWith('-open.note'));
    own.attacker.putVersion(key!.replace(/000000-open/, '000001-open'), new Uint8Array([1]));
    expect((await read()).findings).toEqual([]);
  });

  it('is bounded, but for losses, and counts what it leaves out', async () => {
    const many = Array.from({ length: 3 }, (_, code) =>
      Array.from({ length: 90 }, (_, at) =>
        findingOf((['data-altered', 'data-missing', 'malformed'] as const)[code]!, {
          key: `k${at}`,
          versionId: 'v',
        }),
      ),
    ).flat();
    await open(loss, ...many);
    const { findings, omitted } = await read();
    expect([findings.length, omitted]).toEqual([201, 70]);
    expect(findings.some(({ file }) => file.finding.code === 'records-lost')).toBe(true);
  });
});

describe('a loss', () => {
  beforeEach(() => open(loss));

  it('is open, with the offsets that its segment states under its seal', async () => {
    expect(await only()).toMatchObject({
      settled: null,
      lost: [
        { chain: 'orders', partition: 0, firstOffset: 6, lastOffset: 9, offsets: 4 },
        { firstOffset: 12, lastOffset: 12, offsets: 1 },
      ],
    });
  });

  it('is accepted once two people decided so of each offset', async () => {
    await accept(6, 9);
    expect((await only()).settled).toBeNull();
    await accept(12, 12, false);
    expect((await only()).settled).toBeNull();
    await accept(12, 12);
    const { settled } = await only();
    expect(settled).toMatchObject({ how: 'accepted', by: [OFFICER, APPROVER], text: 'A test' });
  });

  it('is accepted by nobody where the decisions are not verified, and that is said', async () => {
    await accept(0, 20);
    await answer(officer(OFFICER), 'resolve');
    const withoutKey = await read([signer()]);
    expect(withoutKey.findings[0]?.settled).toBeNull();
    expect(withoutKey.decisionsUnknown).toContain('no key of archive.trusted covers');
    for (let acts = 0; acts < 2; acts++)
      await governed.decide({ kind: 'hold.reaffirm', detail: { case: 'C' } });
    await read();
    const key = sealKey(GOVERNANCE_CHAIN, 0, 3);
    archive.attacker.deleteVersion(key, archive.versionsOf(key)[0]!.versionId);
    const broken = await read();
    expect(broken.findings[0]).toMatchObject({ settled: null, answers: [], otherAnswers: 1 });
    expect(broken.decisionsUnknown).toContain('read in part');
  });

  it('is resolved by a note of an officer, by the name that the charter has', async () => {
    await answer(officer(OFFICER), 'ack', 'Mallory');
    expect(await only()).toMatchObject({ settled: null, answers: [{ kind: 'ack', by: OFFICER }] });
    await answer(officer(OFFICER), 'resolve', 'Mallory');
    expect((await only()).settled).toMatchObject({ how: 'resolved', by: [OFFICER], text: 'dealt with' });
  });

  it('is resolved by a note of a person whom the configuration names', async () => {
    await answer(NAMED, 'resolve', 'Ada');
    expect((await only()).settled).toMatchObject({ how: 'resolved', by: ['Ada'] });
  });

  it('is resolved by an act of an officer', async () => {
    const { id } = await only();
    await governed.decide({ kind: 'finding.resolve', detail: { finding: id } });
    await clock.advance(120_000);
    expect((await only()).settled).toMatchObject({ how: 'resolved', by: [OFFICER], text: 'A test' });
  });

  it('is not resolved by a stranger, by who approves alone, or by an act about another finding', async () => {
    await answer(STRANGER, 'resolve');
    await answer(officer(APPROVER), 'resolve');
    await governed.decide({ kind: 'finding.resolve', detail: { finding: 'f'.repeat(32) } });
    expect(await only()).toMatchObject({ settled: null, answers: [], otherAnswers: 2 });
  });

  it('stays resolved when the officer is none any more, and who came later resolves nothing before', async () => {
    await answer(officer(OFFICER), 'resolve');
    const [ada, grace] = CHARTER.detail.people;
    const people = [
      { ...grace!, roles: ['officer', 'approver'] as const },
      { ...ada!, roles: ['approver'] as const },
    ];
    const sealedMs = clock.now() + 60_000;
    const of = await governed.decide({ kind: 'charter', detail: { ...CHARTER.detail, people } } as never, {
      sealedMs,
    });
    await governed.decide({ kind: 'approve', of, by: APPROVER, detail: {} }, { sealedMs: sealedMs + 1000 });
    await clock.advance(300_000);
    expect((await only()).settled).toMatchObject({ by: [OFFICER] });
    await answer(officer(OFFICER), 'ack');
    expect((await only()).answers).toHaveLength(1);
  });
});

it.each<readonly [string, Finding]>([
  ['that says the archive is broken', findingOf('data-altered', { key: 'a', versionId: 'v', sequence: 1 })],
  ['that is an attempt', findingOf('extra-version', { key: 'a', versionId: 'v', sequence: 1 })],
  ['that stands for more gaps than have an entry', findingOf('records-lost', { found: '7 more gaps' })],
  ['that stands for more findings', findingOf('records-lost', { key: '*64', sequence: 1 })],
  ['of another notice', findingOf('stale-chain', { sequence: 1 })],
])('a finding %s is settled by nobody', async (_, finding) => {
  await open(finding);
  await answer(NAMED, 'resolve');
  await accept(0, 20);
  expect(await only()).toMatchObject({ settled: null, answers: [{ kind: 'resolve' }] });
});

describe('the board', () => {
  it('reads once a minute at most while somebody asks, and keeps what it knew where a reading fails', async () => {
    let [reads, fails] = [0, false];
    const known = { findings: [], omitted: 0, decisionsUnknown: null, asOfMs: 1 };
    const board = new FindingsBoard(async () => {
      reads++;
      if (fails) throw new Error('away');
      return known;
    }, clock);
    expect(board.ask()).toEqual({ board: null, problem: null });
    expect(board.ask()).toEqual({ board: null, problem: null });
    expect(await board.settled()).toEqual({ board: known, problem: null });
    expect([board.ask().board, reads]).toEqual([known, 1]);
    fails = true;
    await clock.advance(61_000);
    board.ask();
    expect(await board.settled()).toEqual({ board: known, problem: 'away' });
    await board.close();
    await clock.advance(61_000);
    board.ask();
    expect(reads).toBe(2);
  });
});
