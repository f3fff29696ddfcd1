// Does the verdict of `verify` say what is lost, how far it reaches, and what it leaves open?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Output } from '../../../src/apps/cli/output.ts';
import { reportText } from '../../../src/apps/cli/report-text.ts';
import { verifyStore } from '../../../src/apps/cli/verify-store.ts';
import type { GapLine } from '../../../src/format/record.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { findingOf } from '../../../src/verify/finding.ts';
import {
  ArchiveBuilder,
  type BuiltSegment,
  entries,
  NOW_MS,
  transactionGap,
  writeCopy,
  YEAR_MS,
} from '../../support/archive-builder.ts';
import { storeOver } from '../../support/verifier-store.ts';
import { capturedIo, ledgerstone } from './captured-io.ts';

const gap = (offset: number, count: number, reason: GapLine['reason'], why: string): GapLine => ({
  offset,
  last: offset + count - 1,
  ...{ reason, by: 'J. Doe', why },
});

let dir: string;
let key: string[];
const at = (name: string) => join(dir, name);
const verify = (name: string, ...args: string[]) => ledgerstone(['verify', at(name), ...key, ...args]);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-verdict-'));
  const lossy = new ArchiveBuilder();
  key = ['--key', encodeVkey(lossy.trusted[0] as VerifierKey)];
  const chain = lossy.chain();
  await chain.seal();
  await chain.seal({ lines: [...entries(0, 4), transactionGap(4, 3), ...entries(7, 2)] });
  await chain.seal({ lines: [gap(9, 20, 'accepted', 'disk of broker 3'), ...entries(29, 1)] });
  await chain.seal({ lines: [gap(30, 5, 'compacted', 'cleanup.policy'), gap(35, 2, 'expired', 'outage')] });
  writeCopy(lossy.archive, at('lossy'));

  const whole = new ArchiveBuilder();
  const segments: BuiltSegment[] = await whole.chain().fill(4, 3);
  writeCopy(whole.archive, at('whole'));
  writeCopy(whole.archive, at('cut'));
  writeFileSync(at('today'), (await verify('whole', '--checkpoints')).out);
  for (const { sealKey, dataKey } of segments.slice(3)) {
    rmSync(join(at('cut'), sealKey));
    rmSync(join(at('cut'), dataKey as string));
  }

  const two = new ArchiveBuilder();
  await two.chain('orders').fill(2, 3);
  const gone = await two.chain('payments').fill(2, 3);
  await two.chain('users').seal({ lines: [gap(0, 3, 'accepted', 'outage')] });
  writeCopy(two.archive, at('two'));
  writeFileSync(at('two.checkpoints'), (await verify('two', '--checkpoints')).out);
  for (const { sealKey, dataKey } of gone) {
    for (const name of [sealKey, dataKey]) if (name !== null) rmSync(join(at('two'), name));
  }

  const old = new ArchiveBuilder();
  const passed = await old.chain().seal({ lines: entries(0, 3), sealedMs: Date.now() - 2 * YEAR_MS });
  await old.chain('orders', 1).seal({ lines: entries(0, 3) });
  writeCopy(old.archive, at('old'));
  rmSync(join(at('old'), passed.dataKey as string));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('losses', () => {
  it('are in the verdict, with who and why, apart from transactions and compaction', async () => {
    const { code, out } = await verify('lossy');
    expect(code).toBe(0);
    expect(out).not.toContain('complete');
    expect(out).toContain('7 of 37 offsets are archived; 22 are lost (2 expired, 20 accepted)');
    expect(out).toContain(
      'not counted as lost: 3 of transactions (1 control record, 2 records of aborted transactions), 5 compacted',
    );
    expect(out).toMatch(
      /lost {2}offsets 9 to 28 \(accepted\), sealed 2026-\S+Z, by J\. Doe: disk of broker 3\n/,
    );
    expect(out).toMatch(
      /not archived {2}offsets 30 to 34 \(compacted\), sealed \S+, by J\. Doe: cleanup\.policy\n/,
    );
  });

  it('are in JSON', async () => {
    const json = JSON.parse((await verify('lossy', '--json')).out);
    expect(json).toMatchObject({
      verdict: 'verified',
      totals: { offsets: 37, archived: 7, lost: 22, missing: { transaction: 3, compacted: 5, accepted: 20 } },
      chains: [
        {
          entries: 7,
          entriesRead: 7,
          transactions: { control: 1, aborted: 2 },
          gaps: [
            { firstOffset: 9, lastOffset: 28, reason: 'accepted', by: 'J. Doe', sequence: 2 },
            { firstOffset: 30, lastOffset: 34, reason: 'compacted' },
            { firstOffset: 35, lastOffset: 36, reason: 'expired', why: 'outage' },
          ],
          gapOffsetsUnread: 0,
        },
      ],
    });
  });

  it('are counted by the seals where no line was read', async () => {
    const { out } = await verify('lossy', '--depth', 'seals');
    expect(out).toContain('22 are lost (2 expired, 20 accepted)');
    expect(out).toContain('27 more offsets lost or compacted: the lines that say why were not read');
    expect(out).toContain('3 of transactions (3 whose lines were not read)');
  });

  it('end --strict with 1, and nothing else does', async () => {
    const strict = await verify('lossy', '--strict');
    expect([strict.code, strict.err]).toEqual([1, expect.stringContaining('22 records lost')]);
    expect((await verify('whole', '--strict')).code).toBe(0);
  });
});

describe('the end of a verdict', () => {
  it('says up to which offset and time, and what an archive alone can not show', async () => {
    const { out } = await verify('cut');
    expect(out).toMatch(
      /verified {2}\S+: all that is here is unaltered, in unbroken order and signed by a trusted key: offsets 0 to 5, sealed up to 2026-11-22T10:03:00\.000Z\n/,
    );
    expect(out).toContain('segments after the last ones here, and other chains, are not ruled out');
    const json = JSON.parse((await verify('cut', '--json')).out);
    expect(json.bounds).toContainEqual(expect.stringContaining('are not ruled out'));
    expect(json.chains[0].knownSize).toBeNull();
  });

  it('never says that nothing was compared, or what is archived, after a comparison that failed', async () => {
    const json = await verify('cut', '--since', at('today'), '--json');
    expect([json.code, JSON.parse(json.out).bounds]).toEqual([1, []]);
    const { code, err } = await verify('cut', '--since', at('today'), '--checkpoints');
    expect([code, err.trim().split('\n')]).toEqual([
      1,
      [
        'verdict: broken',
        '  not shown, only stated by the seals that were read: 6 of 6 offsets are archived',
      ],
    ]);
  });

  it('puts what was found of a chain that is gone under no heading of another', async () => {
    const { code, out } = await verify('two', '--since', at('two.checkpoints'));
    expect(code).toBe(1);
    const blocks = out.split('\n\n').filter((block) => block.includes('\n  '));
    const headings = blocks.map((block) => block.split('\n')[0]);
    expect(headings.slice(0, 2)).toEqual([expect.stringMatching(/users\/0$/), 'of none of the chains above']);
    expect(blocks[1]).toMatch(
      /^of none .*\n {2}truncation \(broken\)\n {6}expected \S+payments\/0 of size 3/,
    );
  });

  it('says up to where a kept checkpoint rules a cut out', async () => {
    const { out } = await verify('whole', '--since', at('today'));
    expect(out).toContain('nothing was cut off up to segment 4 of 4; segments after that');
    expect((await verify('cut', '--since', at('today'))).code).toBe(1);
  });

  it('says with several chains which had no checkpoint', async () => {
    const { out } = await verify('old');
    expect(out).toMatch(/2 chains up to the offsets above, each last sealed between \S+Z and \S+Z\n/);
  });
});

describe('what was not read', () => {
  it('is not counted as read, and nobody but the writer is said to have seen it', async () => {
    const { code, out } = await verify('old');
    expect(code).toBe(0);
    expect(out).toMatch(/orders\/0 +verified +1 +3 +0 +3 /);
    expect(out).toContain('all data that is here is unaltered');
    expect(out).toContain('the data of 1 segment has expired and was not read');
    expect(out).toContain('1 segment expired before anybody but the writer read them');
    expect(JSON.parse((await verify('old', '--json')).out)).toMatchObject({
      chains: [
        { expired: 1, expiredUnread: 1, entriesRead: 0 },
        { expired: 0, entriesRead: 3 },
      ],
      bounds: expect.arrayContaining([expect.stringContaining('expired before anybody but the writer')]),
    });
  });

  it('is no data at depth seals', async () => {
    const { out } = await verify('whole', '--depth', 'seals');
    expect(out).toContain('by the count of the seals, 12 of 12 offsets');
    expect(out).toMatch(/orders\/0 +verified +5 +12 +0 /);
    expect(out).toContain('every seal that is here follows the one before it');
    expect(out).toContain('data was not read');
  });
});

it('one is no plural', async () => {
  const builder = new ArchiveBuilder();
  await builder.chain().seal({ lines: entries(0, 1) });
  writeCopy(builder.archive, at('one'));
  const { out } = await verify('one');
  expect(out).toMatch(/checked 1 seal, 1 signature, 0 locks, 1 line, /);
  const chain = [at('one'), '--topic', 'orders', '--partition', '0'];
  const show = await ledgerstone(['show', ...chain]);
  expect(show.out).toMatch(/, 1 block, 1 line\n/);
  const get = await ledgerstone(['get', ...chain, '--since-time', '2000-01-01']);
  expect(get.err).toContain('its one seal was read');
  const said = [out, show.out, get.err, (await ledgerstone(['get', ...chain])).err];
  expect(said.join('\n').match(/\b1 \w*(?:seal|block|line|read|byte|segment|offset)s\b/g)).toBeNull();
});

describe('a least lock', () => {
  it('that seals do not promise is said in these words, and nothing else of a sound archive', async () => {
    const { code, out } = await verify('whole', '--least-lock', '99y');
    expect(code).toBe(1);
    expect(out).toMatch(
      /5 seals promise a shorter lock than the 99y that was asked for\. Without that: all that is/,
    );
    expect(out).not.toContain('not what was signed');
  });

  it('leaves what else is broken as it is, and what a list left out open', async () => {
    const { out } = await verify('whole', '--least-lock', '99y', '--json');
    const report: Parameters<typeof reportText>[0] = JSON.parse(out);
    const said = (more: Partial<typeof report>) =>
      reportText({ ...report, ...more }, 'X', new Output(capturedIo().io), { leastLock: '99y' });
    expect(said({ findings: [findingOf('fork')] })).toContain('this archive is not what was signed');
    const chains = report.chains.map((chain) => ({ ...chain, findingsOmitted: 7 }));
    expect(said({ chains })).toContain('was asked for, and 7 findings of any kind are not listed');
  });

  const promising = (retentionMs: number) => async (name: string) => {
    const builder = new ArchiveBuilder();
    const [one, other] = [builder.chain(), builder.chain('orders', 1)];
    await one.fill(2, 3);
    await other.seal({ lines: entries(0, 3) });
    await other.seal({ lines: entries(3, 3), retentionMs });
    writeCopy(builder.archive, at(name));
    return ['verify', at(name), '--key', encodeVkey(builder.trusted[0] as VerifierKey)];
  };

  it('is held against what every seal promises', async () => {
    const short = await promising(YEAR_MS / 2)('short');
    const before = await ledgerstone(short);
    expect([before.code, before.out]).toEqual([
      0,
      expect.stringContaining('too short a lock is not ruled out: no least lock was named (--least-lock)'),
    ]);
    for (const more of [[], ['--as-copy'], ['--depth', 'seals']]) {
      const held = await ledgerstone([...short, '--least-lock', '1y', '--json', ...more]);
      const { verdict, chains, leastLock, bounds } = JSON.parse(held.out);
      expect([held.code, verdict, leastLock]).toEqual([1, 'broken', '1y']);
      expect(chains[0].findings.map(({ code }: { code: string }) => code)).not.toContain('retention-short');
      expect(chains[1].findings).toContainEqual(
        expect.objectContaining({ code: 'retention-short', sequence: 1 }),
      );
      expect(bounds.join()).not.toContain('--least-lock');
    }
  });

  it('is in the words of a verdict that it stands for', async () => {
    const long = await promising(2 * YEAR_MS)('long');
    const { code, out } = await ledgerstone([...long, '--least-lock', '12mo']);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('; each seal that was read against a lock of 12mo or more\n'),
    ]);
    expect(out).not.toContain('--least-lock');
  });

  it.each(['1', '12m', '0d', '101y', '999999999y'])('is no period of %s', async (text) => {
    const { code, err } = await verify('whole', '--least-lock', text);
    expect([code, err]).toEqual([2, expect.stringMatching(/--least-lock.*It must be/s)]);
  });
});

describe('a copy in a bucket, without the locks', () => {
  it('is judged by what it holds with --as-copy, and says once that no lock was looked at', async () => {
    const builder = new ArchiveBuilder();
    for (const partition of [0, 1, 2]) await builder.chain('orders', partition).fill(2, 3);
    for (const object of builder.archive.keys()) builder.archive.setLock(object, null);
    const { io } = capturedIo();
    const judged = async (asCopy: boolean) => {
      const store = storeOver(builder.archive);
      const report = await verifyStore(io, store, builder.trusted, {
        depth: 'content',
        nowMs: NOW_MS,
        asCopy,
      });
      return { report, text: reportText(report, 'the copy', new Output(io)) };
    };
    expect((await judged(false)).report.verdict).toBe('broken');
    const { report, text } = await judged(true);
    expect(report.verdict).toBe('verified');
    expect(text.match(/locks/g)).toEqual(['locks', 'locks']);
    expect(text).toContain('\n  locks were not checked (a copy has none)');
    expect(text).toContain(' 0 locks,');
  });
});
