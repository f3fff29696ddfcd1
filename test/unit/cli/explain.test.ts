// Does `explain` say of a report what it holds, no better than it is, and which events are concerned?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

type Json = Record<string, unknown> & { chains: Record<string, unknown>[]; findings: unknown[] };

let dir: string;
let good: Json;
let altered: Json;
let key: string[];
const at = (name: string) => join(dir, name);
const explain = (report: unknown, ...args: string[]) =>
  ledgerstone(['explain', '-', ...args], {}, typeof report === 'string' ? report : JSON.stringify(report));
const reportOf = async (name: string, ...args: string[]) =>
  JSON.parse((await ledgerstone(['verify', at(name), ...args, '--json'])).out) as Json;
/** The good report with this in its only chain. */
const withChain = (members: Record<string, unknown>): Json => ({
  ...good,
  chains: [{ ...good.chains[0], ...members }],
});
const found = (code: string, sequence: number | null = null, members = {}) => ({
  ...{ code, severity: 'info', key: null, versionId: null, sequence, expected: null, found: null },
  ...members,
});

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-explain-'));
  const builder = new ArchiveBuilder();
  key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
  const built = await builder.chain().fill(4, 5);
  writeCopy(builder.archive, at('good'));
  writeCopy(builder.archive, at('altered'));
  writeFileSync(at(join('altered', built[3]?.dataKey as string)), 'x');
  good = await reportOf('good', ...key);
  altered = await reportOf('altered', ...key);
  expect([good['verdict'], altered['verdict']]).toEqual(['verified', 'broken']);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('a report that verified', () => {
  it('is said to be verified, with its bounds, and that nothing was looked at again', async () => {
    const { code, out } = await explain(good);
    expect(code).toBe(0);
    expect(out).toMatch(/^VERIFIED: the report says that what was looked at is what was signed\./);
    expect(out).toContain('Nothing was verified again, and the report is not signed');
    expect(out).toContain(`Archive ${at('good')}, verified at `);
    expect(out).toContain('WHAT THE REPORT DOES NOT SAY');
    for (const bound of good['bounds'] as string[]) expect(out).toContain(bound);
    expect(out).not.toContain('locks-not-applicable');
    expect(out).toContain('The report names no finding but that a copy has no locks: see below.');
    expect(out).not.toContain('DRAFT');
  });
});

describe('a report that is broken', () => {
  it('names what was seen, the events of the archive, what stands, causes, steps and a draft', async () => {
    const { code, out } = await explain(altered, at('altered'), ...key);
    expect(code).toBe(0);
    expect(out).toMatch(/^BROKEN: /);
    expect(out).toContain('Stored bytes are not the bytes that were signed.');
    expect(out).toMatch(/segment 3: offsets 10 to 14, 5 records, record times \S+ to \S+, sealed \S+Z/);
    expect(out).toContain('checked with the key that you gave');
    expect(out).toContain(
      'orders/0: the report names no finding in segments 0 to 2 and 4; what was found is in segment 3',
    );
    expect(out).toContain('Change nothing where the archive lies');
    expect(out).toContain('DRAFT OF A FIRST NOTICE');
    expect(out).toContain('72 hours');
    expect(out).toMatch(
      /Approximate number of records: at most 5 records in 1 segment, as the seals state\./,
    );
  });

  it('says which events are concerned where the end is cut off, though no segment is left to name', async () => {
    const cut = withChain({ findings: [found('rollback')], verdict: 'broken' });
    const { out } = await explain({ ...cut, verdict: 'broken' });
    expect(out).toMatch(/concerned: events from offset 20 on, archived after \S+Z; how many is not stated/);
    expect(out).toContain('Approximate number of records: […].');
  });

  it('says how to learn the events where no archive is named, and what proves nothing without a key', async () => {
    const alone = await explain(altered);
    expect(alone.out).toContain('name the archive as well');
    expect(alone.out).toMatch(/\* segment 3\n/);
    const unchecked = await explain(altered, at('altered'));
    expect(unchecked.out).toContain('No key was given, so nothing proves them.');
  });

  it('says that a seal could not be read', async () => {
    rmSync(at('altered/seals'), { recursive: true });
    const { out } = await explain(altered, at('altered'), ...key);
    expect(out).toMatch(/segment 3: its seal could not be read: /);
  });
});

describe('seals that promise less than was asked for', () => {
  it('are no break of anything that was promised, and no breach to notify anybody of', async () => {
    const report = await reportOf('good', ...key, '--least-lock', '99y');
    expect(report['verdict']).toBe('broken');
    const { code, out } = await explain(report);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^BROKEN: seals promise a shorter lock than was asked for \(--least-lock\)\. The report names nothing else/,
    );
    expect(out).toContain('orders/0: verified through offset 19');
    expect(out).toContain('but its seals promise a shorter lock than was asked for');
    for (const false_ of ['DRAFT', 'not what was signed', 'than was promised', 'written around the archiver'])
      expect(out).not.toContain(false_);
  });

  it('beside a real break change nothing of what is said of that one', async () => {
    const promise = { expected: 'a promise until 2099-01-01T00:00:00.000Z or later: no lock is shorter' };
    const findings = [found('retention-short', 0, promise), found('data-altered', 2)];
    const { out } = await explain(withChain({ verdict: 'broken', findings }));
    expect(out).toMatch(/^BROKEN: the report says that the archive is not what was signed/);
    expect(out).toContain('as promised: data-altered (1 finding). When');
  });

  it('a lock that is shorter than its seal promises stays what it was', async () => {
    const findings = [found('retention-short', 2, { expected: 'COMPLIANCE until 2099-01-01T00:00:00.000Z' })];
    const { out } = await explain(withChain({ verdict: 'broken', findings }));
    expect(out).toContain('An object is locked for a shorter time than was promised.');
    expect(out).toContain('as promised: retention-short (1 finding).');
  });

  it('a list that is not whole may leave out another kind', async () => {
    const promise = { expected: 'a promise until 2099-01-01T00:00:00.000Z or later: no lock is shorter' };
    const findings = [found('retention-short', 0, promise)];
    const { code, out } = await explain(withChain({ verdict: 'broken', findings, findingsOmitted: 9 }));
    expect([code, out]).toEqual([3, expect.stringContaining('A breach is not established.')]);
    expect(out).toContain('Whether the archive is what was signed, the report does not show.');
  });
});

describe('one changed object', () => {
  const key = 'data/topic=orders/partition=0/3.jsonl.zst';
  it('is one thing that happened: what follows from it has no causes of its own', async () => {
    const findings = [found('data-altered', 3, { key }), found('entry-root-mismatch', 3, { key })];
    const { out } = await explain(withChain({ verdict: 'broken', size: 9, findings }));
    expect(out).toContain('It follows from data-altered: other bytes than the signed ones were read here.');
    for (const cause of ['on the machine of the archiver', 'has the key that signs', 'kms:Sign'])
      expect(out).not.toContain(cause);
    expect(out).toContain('as promised: data-altered (1 finding). When');
    expect(out).toContain(
      'the report names no finding in segments 0 to 2 and 4 to 8; what was found is in segment 3',
    );
  });

  it('explains nothing of another object', async () => {
    const findings = [
      found('data-altered', 3, { key }),
      found('entry-root-mismatch', 2, { key: 'data/other' }),
    ];
    const { out } = await explain(withChain({ verdict: 'broken', size: 4, findings }));
    expect(out).toContain('on the machine of the archiver');
    expect(out).toContain('names no finding in segments 0 to 1; what was found is in segments 2 to 3');
  });

  it('a seal that does not hold leaves open what follows it', async () => {
    const { out } = await explain(
      withChain({ verdict: 'broken', size: 9, findings: [found('bad-signature', 3, { key })] }),
    );
    expect(out).toContain(
      'in segments 0 to 2; the first one is in segment 3, and of what follows it nothing is said to stand',
    );
  });
});

describe('a report says no more than its findings allow', () => {
  it.each([
    ['a finding breaks', { findings: [found('data-altered', 1)] }, 'BROKEN'],
    ['a finding leaves it open', { findings: [found('no-trusted-key')] }, 'UNVERIFIABLE'],
    ['a chain is broken', { verdict: 'broken' }, 'BROKEN'],
  ])('verified, but %s', async (_, members, verdict) => {
    const { out } = await explain(withChain(members));
    expect(out).toMatch(
      new RegExp(`^${verdict}: .*\\nThe file says "verified", which its own findings contradict`),
    );
    expect(out).not.toContain('verified through');
  });

  it('attempts and notices leave the verdict as it is', async () => {
    const { code, out } = await explain(
      withChain({ findings: [found('delete-marker'), found('expired', 1)] }),
    );
    expect([code, out]).toEqual([0, expect.stringMatching(/^VERIFIED/)]);
    expect(out).toContain('verified through offset 19');
  });

  it.each(['fork', 'rollback', 'truncation', 'unknown-key', 'root-mismatch', 'source-overlap'])(
    'nothing of a chain stands after %s',
    async (code) => {
      const { out } = await explain(withChain({ verdict: 'broken', findings: [found(code, 3)] }));
      expect(out).toContain('a finding concerns the whole chain, so nothing of it is said to stand');
    },
  );

  it('nothing stands before the first segment, or where findings were left out of the list', async () => {
    const first = await explain(withChain({ verdict: 'broken', findings: [found('bad-signature', 0)] }));
    expect(first.out).toContain('in its first segment, so nothing of it is said to stand');
    const cut = withChain({ verdict: 'broken', findings: [found('data-altered', 3)], findingsOmitted: 7 });
    const { code, out } = await explain(cut);
    expect(code).toBe(3);
    expect(out).toContain('(7 more), so nothing is said to stand');
    expect(out).toContain('only a part is explained');
  });

  it('a code of a newer version is named and not explained: exit code 3', async () => {
    const { code, out } = await explain(withChain({ findings: [found('melted', 1)] }));
    expect(code).toBe(3);
    expect(out).toContain('Take it for a break until it is explained.');
    expect(out).toContain('Not explained here, as this version does not know it: melted.');
  });

  it('only seals were read: it says so', async () => {
    const { out } = await explain({ ...good, depth: 'seals' });
    expect(out).toMatch(/verified through offset 19, sealed \S+; the data itself was not read/);
  });
});

describe('what is no report', () => {
  it.each([
    ['', 'it is no JSON'],
    ['[]', 'the file is no object'],
    ['null', 'the file is no object'],
    ['{"verdict":"good"}', 'verdict is no verdict'],
    ['{"verdict":"verified","depth":"content","chains":[{}]}', 'chains[0].origin is no text'],
    ['{"verdict":"verified","depth":"content","chains":"x"}', 'chains is no list'],
  ])('%j is exit code 2, with the place', async (text, where) => {
    const { code, err } = await explain(text);
    expect(code).toBe(2);
    expect(err).toContain(`this is no report of \`ledgerstone verify --json\`: ${where}`);
    expect(err).toContain('verify ARCHIVE --key archive.vkey --json');
  });

  it('a verification that failed has no verdict: exit code 3', async () => {
    const { code, err } = await explain({ verdict: 'unverifiable', error: { message: 'no such bucket' } });
    expect(code).toBe(3);
    expect(err).toContain(
      'the report holds no verdict: the verification ended with an error: no such bucket',
    );
  });

  it('bytes that are no text, and a file that is not there', async () => {
    writeFileSync(at('latin'), Buffer.from([0xff, 0xfe, 0x7b]));
    expect(await ledgerstone(['explain', at('latin')])).toMatchObject({ code: 2 });
    expect(await ledgerstone(['explain', at('none')])).toMatchObject({ code: 2 });
  });

  it('moves no terminal', async () => {
    const esc = '\u001b[2J';
    const hostile = withChain({
      ...{ origin: esc, lastSealed: esc },
      findings: [
        found(esc, 1),
        found('data-altered', 2, { key: esc, versionId: esc, expected: esc, found: esc }),
      ],
    });
    const { out, err } = await explain({
      ...hostile,
      bounds: [esc],
      run: { archive: esc, at: esc, version: esc },
    });
    expect(out + err).not.toContain('\u001b');
    expect(out).toContain('DRAFT');
  });
});

it('the same for programs', async () => {
  const { code, out } = await explain(altered, '--json');
  const said = JSON.parse(out) as Json & { explained: { code: string; places: unknown[] }[] };
  expect(code).toBe(0);
  expect(said).toMatchObject({ verdict: 'broken', contradicts: false, isWhole: true, unknown: [] });
  expect(said.explained[0]).toMatchObject({ code: 'data-altered', severity: 'broken' });
});
