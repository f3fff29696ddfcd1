// Do the reading commands notice what an attacker did to an archive, and claim no more than they know?
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../../src/apps/cli/cli.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import {
  ArchiveBuilder,
  archiveKey,
  entries,
  signer,
  transactionGap,
  writeCopy,
} from '../../support/archive-builder.ts';
import { capturedIo, ledgerstone } from './captured-io.ts';

let base: string;
let folder: string;
let outside: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'ledgerstone-attacks-'));
  [folder, outside] = [join(base, 'archive'), join(base, 'outside')];
  mkdirSync(folder);
  mkdirSync(outside);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const pinned = (seed: string): string => encodeVkey(archiveKey(signer(seed)));
const chain = ['--topic', 'orders', '--partition', '0'] as const;

/** A whole archive of the right names and a wrong key. */
async function thiefsArchive(): Promise<void> {
  const builder = new ArchiveBuilder({ signers: [signer('thief')] });
  await builder.chain().fill(2, 4);
  writeCopy(builder.archive, folder);
}

describe('a forged archive, signed by a key that is not pinned', () => {
  beforeEach(thiefsArchive);

  it.each([
    ['get --prove', ['get', ...chain, '--prove']],
    ['get', ['get', ...chain, '--from', '1', '--to', '1']],
    ['prove', ['prove', ...chain, '--offset', '1']],
    ['show', ['show', ...chain]],
  ])('%s gives out nothing of it', async (_, [command = '', ...rest]) => {
    const ran = await ledgerstone([command, folder, ...rest, '--key', pinned('log key')]);
    expect(ran.out).toBe('');
    expect(ran.err).toContain('unknown-key');
    expect(ran.code).toBe(3);
  });

  it('status calls no head of it good', async () => {
    const ran = await ledgerstone(['status', folder, '--key', pinned('log key')]);
    expect(ran.out).toContain('unknown-key');
    expect(ran.code).toBe(3);
  });
});

it('a chain whose key was replaced is read with both keys pinned', async () => {
  const [old, next] = [signer('log key'), signer('next')];
  const builder = new ArchiveBuilder({ signers: [old, next] });
  const orders = builder.chain();
  await orders.seal({ lines: entries(0, 2) });
  await orders.seal({ signers: [old, next], lines: entries(2, 2) });
  await orders.seal({ signers: [next], lines: entries(4, 2) });
  writeCopy(builder.archive, folder);
  const get = ['get', folder, ...chain, '--prove', '--values', '--key', pinned('log key')];
  const both = await ledgerstone([...get, '--key', pinned('next')]);
  expect(both).toMatchObject({ code: 0 });
  expect(both.out.trimEnd().split('\n')).toHaveLength(6);
  const one = await ledgerstone(get);
  expect(one.code).toBe(3);
  expect(one.err).toContain('`ledgerstone verify` follows that');
});

describe('what a terminal would obey', () => {
  const ESCAPES = 'x\r\u001b[2K\u001b[32mverified\u001b[39m\u202e\u009b2J';

  it('in the names of files is shown, not sent', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(1, 4);
    writeCopy(builder.archive, folder);
    writeFileSync(join(folder, ESCAPES), 'junk');
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0x1b, 0x63])]), 'junk');
    const ran = await ledgerstone(['verify', folder, '--key', pinned('log key')]);
    expect(ran.out).toContain('foreign-object');
    expect(ran.out).toContain('\\u{1b}[2K');
    expect(ran.out + ran.err).not.toMatch(/[^\P{Cc}\n]|[\u2028-\u202e\u2066-\u2069]/u);
  });

  it('in what an object says is shown, not sent', async () => {
    const builder = new ArchiveBuilder();
    const [first] = await builder.chain().fill(1, 4);
    builder.archive.put(`keys/${'0'.repeat(64)}.vkey`, utf8(ESCAPES));
    builder.archive.alter(first?.sealKey ?? '', () => utf8(ESCAPES));
    writeCopy(builder.archive, folder);
    for (const args of [['verify'], ['status'], ['show', ...chain, '--sequence', '0']]) {
      const [command = '', ...rest] = args;
      const ran = await ledgerstone([command, folder, ...rest, '--key', pinned('log key')]);
      expect(ran.out + ran.err).not.toMatch(/[^\P{Cc}\n]|[\u2028-\u202e\u2066-\u2069]/u);
    }
  });
});

describe('check', () => {
  async function proofOf(offset: number): Promise<{ proof: string; line: string }> {
    const builder = new ArchiveBuilder();
    const orders = builder.chain();
    await orders.seal();
    await orders.seal({ lines: [...entries(0, 2), transactionGap(2, 3), ...entries(5, 1)] });
    writeCopy(builder.archive, join(folder, 'archive'));
    const ran = await ledgerstone([
      'prove',
      join(folder, 'archive'),
      ...chain,
      '--offset',
      `${offset}`,
      '--json',
    ]);
    const { proof, line } = JSON.parse(ran.out) as { proof: string; line: string };
    writeFileSync(join(folder, 'proof'), proof);
    writeFileSync(join(folder, 'line'), line);
    return { proof, line };
  }
  const check = (proof: string, line: string) =>
    ledgerstone(['check', proof, '--entry', line, '--key', pinned('log key')]);

  it('never passes a gap line off as a record', async () => {
    await proofOf(3);
    const ran = await check(join(folder, 'proof'), join(folder, 'line'));
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^verified: .*no record.*offsets 2 to 4.*transaction/);
  });

  it('reads no more of a file than a proof or a line may have', async () => {
    await proofOf(1);
    for (const name of ['proof', 'line']) {
      const huge = join(folder, `huge ${name}`);
      writeFileSync(huge, '');
      truncateSync(huge, 1.5 * 2 ** 30);
      const before = process.memoryUsage().arrayBuffers;
      const files = { proof: join(folder, 'proof'), line: join(folder, 'line'), [name]: huge };
      const ran = await check(files.proof, files.line);
      expect(ran.code).toBe(2);
      expect(ran.err).toContain('bytes');
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(128 * 2 ** 20);
    }
  });

  it('reads no more of a stream either', async () => {
    await proofOf(1);
    let given = 0;
    const { io, err } = capturedIo();
    async function* endless() {
      for (; given < 2 ** 31; given += 2 ** 20) yield Buffer.alloc(2 ** 20, 0x20);
    }
    const stdin = Readable.from(endless());
    const key = pinned('log key');
    const code = await runCli(['check', join(folder, 'proof'), '--entry', '-', '--key', key], {
      ...io,
      stdin,
    });
    expect(code).toBe(2);
    expect(err()).toContain('bytes');
    expect(given).toBeLessThan(128 * 2 ** 20);
  });
});

it('verify at the depth of seals does not say that data is unaltered', async () => {
  const builder = new ArchiveBuilder();
  const [, second] = await builder.chain().fill(1, 4);
  builder.archive.alter(second?.dataKey ?? '', (bytes) => bytes.fill(0));
  writeCopy(builder.archive, folder);
  const args = ['verify', folder, '--key', pinned('log key'), '--depth', 'seals'];
  const ran = await ledgerstone(args);
  expect(ran.code).toBe(0);
  expect(ran.out).not.toContain('unaltered');
  expect(ran.out).toContain('data was not read');
  expect(JSON.parse((await ledgerstone([...args, '--json'])).out)).toMatchObject({ depth: 'seals' });
});

it('get --prove does not go from one history into another by the same key', async () => {
  const builder = new ArchiveBuilder();
  const orders = builder.chain();
  await orders.fill(1, 4);
  const fork = orders.copy();
  await orders.seal({ lines: entries(4, 4) });
  await orders.seal({ lines: entries(8, 4) });
  const other = new ArchiveBuilder();
  Object.assign(fork, { builder: other });
  await fork.seal({ lines: entries(4, 3) });
  await fork.seal({ lines: entries(7, 5) });
  writeCopy(builder.archive, folder);
  const key = sealKey('orders', 0, 3);
  writeFileSync(join(folder, key), other.archive.bytesOf(key) as Uint8Array);
  for (const dataKey of other.archive.keys().filter((each) => each.startsWith('data/'))) {
    mkdirSync(dirname(join(folder, dataKey)), { recursive: true });
    writeFileSync(join(folder, dataKey), other.archive.bytesOf(dataKey) as Uint8Array);
  }
  const ran = await ledgerstone(['get', folder, ...chain, '--prove', '--key', pinned('log key')]);
  expect(ran.code).toBe(1);
  expect(ran.err).toContain('previous-mismatch');
});

describe('a directory that is a trap', () => {
  let builder: ArchiveBuilder;
  let seal: string;
  let data: string;
  beforeEach(async () => {
    builder = new ArchiveBuilder();
    const [, second] = await builder.chain().fill(2, 4);
    [seal, data] = [join(folder, second?.sealKey ?? ''), join(folder, second?.dataKey ?? '')];
    writeCopy(builder.archive, folder);
  });
  const keyFile = () => join(folder, builder.archive.keys().find((key) => key.startsWith('keys/')) ?? '');
  const linked = (file: string) => {
    renameSync(file, join(outside, 'it'));
    symlinkSync(join(outside, 'it'), file);
  };
  const replaced = (file: string, make: (file: string) => void) => {
    rmSync(file, { recursive: true });
    make(file);
  };
  const fifo = (file: string) => void execFileSync('mkfifo', [file]);
  const sparse = (bytes: number) => (file: string) => {
    writeFileSync(file, '');
    truncateSync(file, bytes);
  };

  it.each<[string, () => void, string[]]>([
    ['a seal is a link', () => linked(seal), ['malformed']],
    ['a data object is a link', () => linked(data), ['malformed']],
    [
      'the folder of all data is a link',
      () => linked(join(folder, 'data')),
      ['data-missing', 'foreign-object'],
    ],
    [
      'the folder of all seals is a link',
      () => linked(join(folder, 'seals')),
      ['foreign-object', 'sequence-gap'],
    ],
    ['a seal is a pipe', () => replaced(seal, fifo), ['malformed']],
    ['a data object is a pipe', () => replaced(data, fifo), ['malformed']],
    ['a key is a pipe', () => replaced(keyFile(), fifo), ['malformed']],
    [
      'a seal is a folder',
      () => replaced(seal, (file) => mkdirSync(join(file, 'x'), { recursive: true })),
      ['sequence-gap'],
    ],
    ['a seal has a TiB of nothing', () => replaced(seal, sparse(2 ** 40)), ['malformed']],
    ['a data object has a TiB of nothing', () => replaced(data, sparse(2 ** 40)), ['malformed']],
    ['a key has a GiB of nothing', () => replaced(keyFile(), sparse(2 ** 30)), ['malformed']],
    [
      'a pipe and a link to the root lie about',
      () => {
        fifo(join(folder, 'pipe'));
        symlinkSync(folder, join(folder, 'loop'));
      },
      ['foreign-object'],
    ],
    [
      'seals of a chain without end lie behind',
      () => writeFileSync(seal.replace('000000000001', '999999999999'), 'x'),
      ['malformed', 'sequence-gap'],
    ],
  ])('%s', async (_, set, codes) => {
    set();
    const before = process.memoryUsage().arrayBuffers;
    const ran = await ledgerstone(['verify', folder, '--key', pinned('log key'), '--json']);
    const report = JSON.parse(ran.out) as {
      verdict: string;
      findings: { code: string }[];
      chains: { findings: { code: string }[] }[];
    };
    const found = [...report.findings, ...report.chains.flatMap(({ findings }) => findings)].map(
      ({ code }) => code,
    );
    expect(found).toEqual(expect.arrayContaining(codes));
    expect(report.verdict).toBe(codes.join() === 'foreign-object' ? 'verified' : 'broken');
    expect(ran.code).toBe(report.verdict === 'verified' ? 0 : 1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300 * 2 ** 20);
    // The same trap, met by those that read one chain.
    for (const command of ['status', 'get', 'prove', 'show']) {
      const place = command === 'status' ? [] : [...chain, ...(command === 'prove' ? ['--offset', '5'] : [])];
      const other = await ledgerstone([command, folder, ...place, '--key', pinned('log key')]);
      expect([0, 1, 2, 3]).toContain(other.code);
      expect(other.err).not.toMatch(/TypeError|RangeError|Assertion/);
    }
  });
});

describe('junk at the end of a chain, where nothing can remove it', () => {
  const key = pinned('log key');
  beforeEach(async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(2, 4);
    writeCopy(builder.archive, folder);
    for (const sequence of [3, 999_999_999_999])
      writeFileSync(join(folder, sealKey('orders', 0, sequence)), 'junk');
  });

  it('hides no record that lies before it', async () => {
    const ran = await ledgerstone([
      'get',
      folder,
      ...chain,
      '--from',
      '2',
      '--to',
      '6',
      '--prove',
      '--key',
      key,
    ]);
    expect(ran.out.trimEnd().split('\n')).toHaveLength(5);
    expect(ran.code).toBe(0);
    const proven = await ledgerstone(['prove', folder, ...chain, '--offset', '5', '--key', key]);
    expect(proven.code).toBe(0);
  });

  it.each([
    ['get to the end', ['get', ...chain, '--prove']],
    ['get behind it', ['get', ...chain, '--from', '8']],
    ['get by time', ['get', ...chain, '--since-time', '2026-11-22T10:00:00Z']],
    ['prove behind it', ['prove', ...chain, '--offset', '8']],
  ])('but is no end: %s', async (_, [command = '', ...rest]) => {
    const ran = await ledgerstone([command, folder, ...rest, '--key', key]);
    expect(ran.err).toContain('malformed');
    expect(ran.code).toBe(1);
  });

  it('is shown by status', async () => {
    expect((await ledgerstone(['status', folder, '--key', key])).code).toBe(1);
  });
});
