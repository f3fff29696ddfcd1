// Does the verifier find what is not as people decided, at which cost, and does it close what is?
import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../../src/format/chain.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { DecisionReader } from '../../../src/read/decision-reader.ts';
import { attemptsIn, type Watched } from '../../../src/verifier/events/cloudtrail.ts';
import { watchedNow } from '../../../src/verifier/events/decided-changes.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { confirmStep } from '../../../src/verifier/seal-path.ts';
import { type SweepTools, sweep } from '../../../src/verifier/tasks/sweep.ts';
import { decisionsOf } from '../../../src/verifier/tasks/sweep-decisions.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import {
  archiveKey,
  type BuiltSegment,
  entries,
  ORIGIN,
  START_MS,
  signer,
  YEAR_MS,
} from '../../support/archive-builder.ts';
import {
  APPROVER,
  type Asked,
  GOVERNANCE_KEY,
  type Governed,
  governedArchive,
  junkAct,
  sealActs,
} from '../../support/governed-archive.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { NOTES } from '../../support/note-signing.ts';
import { STILL, VerifierWorld } from '../../support/verifier-world.ts';

const HOUR_MS = 3_600_000;
const TRUSTED = [archiveKey(signer()), archiveKey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN))];
const ALL = [{ chain: 'orders', partition: 0, from: 0, to: null }];
const PLACE = { kind: 'hold.place', detail: { case: 'C-1', segments: ALL } } as const satisfies Asked;
const RELEASE = { kind: 'hold.release', detail: { case: 'C-1' } } as const satisfies Asked;

let nowMs: number;
let governed: Governed;
let archive: MemoryStore;
let decisions: DecisionReader;
/** Calls before the last sweep. */
let logged = 0;
const clock: Clock = { ...STILL, now: () => nowMs };
const checker = portableChecker(nodeContentTools);

beforeEach(async () => {
  nowMs = START_MS + 5 * HOUR_MS;
  governed = await governedArchive();
  archive = memoryStore({ clock: { ...STILL, now: () => START_MS + 3 * HOUR_MS } });
  fill();
  decisions = new DecisionReader({ archive, trusted: TRUSTED, sha256: nodeSha256, clock });
});

/** What the builder made, in a bucket that keeps S3's law. */
function fill(): void {
  for (const key of governed.builder.archive.keys())
    if (archive.versionsOf(key).length === 0)
      archive.attacker.putVersion(key, governed.builder.archive.bytesOf(key) as Uint8Array, {
        mode: 'COMPLIANCE',
        untilMs: START_MS + 2 * YEAR_MS,
      });
}
async function decide(asked: Asked): Promise<string> {
  const id = await governed.decide(asked);
  fill();
  nowMs += 61_000;
  return id;
}
async function done(asked: Asked): Promise<void> {
  await decide({ kind: 'done', of: await decide(asked), detail: { objects: 5, changed: 5 } });
}
async function approved(asked: Asked): Promise<string> {
  const of = await decide(asked);
  await decide({ kind: 'approve', of, by: APPROVER, detail: {} });
  return of;
}
const objectsOf = (segments: readonly BuiltSegment[]) =>
  segments.flatMap(({ sealKey, dataKey }) => [sealKey, ...(dataKey === null ? [] : [dataKey])]);
const objects = () => objectsOf(governed.segments);
const hold = (keys: readonly string[], held = true) => {
  for (const key of keys) archive.attacker.setHold(key, held);
};
const tools = (): SweepTools => ({
  ...{ trusted: TRUSTED, sha256: nodeSha256, checker, clock, archive, decisions },
  own: memoryStore({ clock }),
});
async function swept(): Promise<string[]> {
  logged = archive.log.length;
  const found: string[] = [];
  for await (const { scope, findings } of sweep(tools(), null))
    for (const { code, key } of findings) found.push(`${scope.place?.chain ?? scope.name} ${code} ${key}`);
  return found.sort();
}
const asked = () => archive.log.slice(logged).filter(({ method }) => method === 'hold').length;
const sweeps = async (times: number) => {
  const found = new Set<string>();
  const calls: number[] = [];
  for (let i = 0; i < times; i++, nowMs += HOUR_MS) {
    for (const one of await swept()) found.add(one);
    calls.push(asked());
  }
  return { found: [...found].sort(), calls };
};
const missing = (keys: readonly string[]) => keys.map((key) => `orders legal-hold-missing ${key}`).sort();

describe('a sweep', () => {
  it('files what is wrong with acts under the partition in which they lie', async () => {
    const problem = { code: 'act-refused', expected: null, found: null } as const;
    const heldToOf = () =>
      ({
        actProblems: () => [0, 2, 2].map((partition, line) => ({ problem, partition, key: `line:${line}` })),
      }) as never;
    const look = async () => ({ kind: 'read', isVerified: true, partitions: [0, 1, 2] }) as never;
    const { slices } = await decisionsOf({ clock, decisions: { look, heldToOf } }, undefined);
    expect(
      slices.map(({ scope, findings }) => [scope.place?.partition, findings.map(({ key }) => key)]),
    ).toEqual([
      [0, ['line:0']],
      [1, []],
      [2, ['line:1', 'line:2']],
    ]);
  });

  it('finds each hold that is decided and not there, with a call for each object', async () => {
    await done(PLACE);
    expect(await swept()).toEqual(missing(objects()));
    expect(asked()).toBe(objects().length);
    hold(objects());
    expect(await swept()).toEqual([]);
    hold(objects().slice(0, 1), false);
    expect(await swept()).toEqual(missing(objects().slice(0, 1)));
  });

  it('finds within one sweep that a segment which came later is not held', async () => {
    await done(PLACE);
    hold(objects());
    const later = await governed.events.seal({ lines: entries(6, 2) });
    fill();
    expect(await swept()).toEqual(missing(objectsOf([later])));
  });

  it('finds a hold that nobody decided within 24 sweeps, and asks each object once in them', async () => {
    const [, second = ''] = objects();
    hold([second]);
    const { found, calls } = await sweeps(24);
    expect(found).toEqual([`orders hold-without-act ${second}`]);
    // Of the governance chain's segment too.
    expect(calls.reduce((sum, one) => sum + one)).toBe(objects().length + 2);
    expect(Math.max(...calls)).toBeLessThanOrEqual(4);
  });

  it('believes no release by one person', async () => {
    await done(PLACE);
    const of = await decide(RELEASE);
    await decide({ kind: 'approve', of, detail: {} });
    expect(await swept()).toEqual([`${GOVERNANCE_CHAIN} act-refused line:4`, ...missing(objects())]);
  });

  it('finds lines that are no acts, and acts that were never done', async () => {
    await sealActs(governed.governance, [junkAct('{}')]);
    const id = await decide(PLACE);
    hold(objects());
    expect(await swept()).toEqual([`${GOVERNANCE_CHAIN} act-refused line:1`]);
    nowMs += 25 * HOUR_MS;
    expect(await swept()).toEqual([
      `${GOVERNANCE_CHAIN} act-open act:${id}`,
      `${GOVERNANCE_CHAIN} act-refused line:1`,
    ]);
  });

  it('finds locks that were not lengthened as decided', async () => {
    const until = new Date(START_MS + 3 * YEAR_MS).toISOString().replace('.000', '');
    await done({ kind: 'retention.extend', detail: { segments: ALL, until } });
    expect(await swept()).toEqual(
      objects()
        .map((key) => `orders retention-short ${key}`)
        .sort(),
    );
  });

  it('closes a hold that nobody decided only where it looked again', async () => {
    const ledger = new Ledger({
      ...{
        ...NOTES,
        store: memoryStore({ clock }),
        retention: { mode: 'COMPLIANCE', period: { months: 12, ms: 0 } },
      },
      ...{ clock, sha256: nodeSha256, verifier: { name: 'v', version: '1' }, channels: [] },
    });
    const once = async () => {
      const states: string[] = [];
      for await (const { scope, findings, omitted, complete } of sweep(tools(), null)) {
        const { opened, closed } = await ledger.report(scope, findings, {
          check: 'sweep',
          complete,
          omitted,
        });
        states.push(...opened.map(({ file }) => `open ${file.finding.code}`));
        states.push(...closed.map(({ file }) => `closed ${file.finding.code}`));
      }
      nowMs += HOUR_MS;
      return states;
    };
    hold(objects().slice(0, 1));
    const first: string[] = [];
    for (let i = 0; i < 24; i++) first.push(...(await once()));
    expect(first).toEqual(['open hold-without-act']);
    hold(objects().slice(0, 1), false);
    const next: string[] = [];
    for (let i = 0; i < 24; i++) next.push(...(await once()));
    expect(next).toEqual(['closed hold-without-act']);
  });

  it('reads the acts once, and again when there are more', async () => {
    await swept();
    const reads = () =>
      archive.log
        .slice(logged)
        .filter(({ method, key }) => method === 'read' && key.includes(GOVERNANCE_CHAIN)).length;
    nowMs += 61_000;
    await swept();
    expect(reads()).toBe(0);
    await decide(PLACE);
    await swept();
    expect(reads()).toBe(4);
  });
});

describe('a step along a chain', () => {
  const step = async () => {
    const world = new VerifierWorld();
    const attester = world.attester();
    const result = await confirmStep(
      { archive, trusted: TRUSTED, attester, sha256: nodeSha256, checker, clock, decisions },
      { chain: 'orders', partition: 0 },
      { hintSize: 0 },
    );
    return { codes: [...new Set(result.findings.map(({ code }) => code))], isNew: result.isNew };
  };

  it('tells of a retired key, and attests', async () => {
    await approved({ kind: 'key.retire', detail: { use: 'log', key: encodeVkey(archiveKey(signer())) } });
    await governed.events.seal({ lines: entries(6, 2), sealedMs: START_MS + 2 * HOUR_MS });
    fill();
    expect((await step()).codes).toEqual(['key-retired']);
  });

  it('is not kept from attesting by decisions about locks that nobody carries out', async () => {
    await done(PLACE);
    const until = new Date(START_MS + 9 * YEAR_MS).toISOString().replace('.000', '');
    await done({ kind: 'retention.extend', detail: { segments: ALL, until } });
    expect(await step()).toEqual({ codes: [], isNew: true });
  });
});

describe('what CloudTrail tells of holds and locks', () => {
  const OFFICERS = 'arn:aws:iam::111122223333:role/ledgerstone-approver';
  const watched: Watched = { buckets: ['acme-audit'], officers: [OFFICERS] };
  const call = (name: string, key: string, status?: string, role = OFFICERS, errorCode?: string) => ({
    ...{
      eventID: 'e-1',
      eventName: name,
      eventSource: 's3.amazonaws.com',
      eventTime: '2026-11-22T12:00:00Z',
      errorCode,
    },
    userIdentity: { type: 'AssumedRole', sessionContext: { sessionIssuer: { arn: role } } },
    requestParameters: {
      bucketName: 'acme-audit',
      key: `prod/${key}`,
      ...(status && { LegalHold: { Status: status } }),
    },
  });
  const pages = async (...args: Parameters<typeof call>) =>
    attemptsIn(call(...args), (await watchedNow(watched, decisions, 'prod/')) as Watched).findings.length > 0;
  const HOLD = 'PutObjectLegalHold';

  it('a hold that is taken off without a release pages', async () => {
    const [key = ''] = objects();
    expect(await pages(HOLD, key, 'OFF')).toBe(true);
    await done(PLACE);
    expect(await pages(HOLD, key, 'ON')).toBe(false);
    expect(await pages(HOLD, key, 'OFF')).toBe(true);
    const of = await decide(RELEASE);
    expect(await pages(HOLD, key, 'OFF')).toBe(true);
    // At once, though it was looked at a moment ago.
    await governed.decide({ kind: 'approve', of, by: APPROVER, detail: {} });
    fill();
    expect(await pages(HOLD, key, 'OFF')).toBe(false);
    expect(await pages(HOLD, key, 'ON')).toBe(true);
  });

  it('and so by the other name that CloudTrail has for the same calls', async () => {
    const [key = ''] = objects();
    await done(PLACE);
    expect(await pages('PutObjectLockLegalHold', key, 'OFF')).toBe(true);
    expect(await pages('PutObjectLockLegalHold', key, 'ON')).toBe(false);
    expect(await pages('PutObjectLockRetention', key)).toBe(true);
    await decide({ kind: 'retention.extend', detail: { segments: ALL, until: '2036-01-01T00:00:00Z' } });
    expect(await pages('PutObjectLockRetention', key)).toBe(false);
  });

  it('pages for other roles, refused calls, other objects, and whatever is no object of a segment', async () => {
    await done(PLACE);
    const [key = ''] = objects();
    expect(await pages(HOLD, key, 'ON', 'arn:aws:iam::111122223333:role/ledgerstone-archiver')).toBe(true);
    expect(await pages(HOLD, key, 'ON', OFFICERS, 'AccessDenied')).toBe(true);
    expect(await pages(HOLD, key.replace('orders', 'payments'), 'ON')).toBe(true);
    expect(await pages(HOLD, 'readme.txt', 'ON')).toBe(true);
    expect(
      await pages(
        HOLD,
        governed.builder.archive.keys().find((one) => one.startsWith('keys/')) as string,
        'ON',
      ),
    ).toBe(false);
  });

  it('a longer lock pages unless it was decided', async () => {
    const [key = ''] = objects();
    expect(await pages('PutObjectRetention', key)).toBe(true);
    await decide({ kind: 'retention.extend', detail: { segments: ALL, until: '2036-01-01T00:00:00Z' } });
    expect(await pages('PutObjectRetention', key)).toBe(false);
  });
});
