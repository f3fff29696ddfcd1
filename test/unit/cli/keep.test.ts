// Does each run of `verify --keep` compare with the last one, and keep only what is verified, whole or not at all?
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readKept, writeKept } from '../../../src/apps/cli/kept-checkpoints.ts';
import { utf8Text } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { checkpointText, encodeSignedCheckpoint } from '../../../src/format/note.ts';
import { encodeVkey, type VerifierKey, verifierKey } from '../../../src/format/vkey.ts';
import { emptyRoot } from '../../../src/merkle/tree.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import { ArchiveBuilder, entries, ORIGIN, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let builder: ArchiveBuilder;
let key: string[];
const at = (name: string) => join(dir, name);
const text = (name = 'kept') => readFileSync(at(name), 'utf8');
/** The archive anew, as it is by now. */
const copy = () => {
  rmSync(at('archive'), { recursive: true, force: true });
  writeCopy(builder.archive, at('archive'));
};
const verify = (...more: string[]) =>
  ledgerstone(['verify', at('archive'), ...key, '--keep', at('kept'), ...more]);
const sizes = () =>
  [...text().matchAll(/^audit\S+\/(\w+\/\d+)\n(\d+)$/gm)].map(([, name, size]) => [name, size]);

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-keep-'));
  builder = new ArchiveBuilder();
  key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('verify --keep', () => {
  it('says of the first run that it is, and of the next one what it compared with', async () => {
    const chain = builder.chain();
    await chain.seal({ lines: entries(0, 3) });
    copy();
    const first = await verify();
    expect([first.code, first.err]).toEqual([0, expect.stringContaining('first run')]);
    expect(sizes()).toEqual([['orders/0', '1']]);
    await chain.seal({ lines: entries(3, 3) });
    copy();
    const second = await verify('--json');
    expect(JSON.parse(second.out).keep).toEqual({
      ...{ file: at('kept'), isFirst: false, compared: 1, outcome: 'kept' },
    });
    expect(sizes()).toEqual([['orders/0', '2']]);
    expect(JSON.parse((await verify('--json')).out).keep.outcome).toBe('unchanged');
    expect(readdirSync(dir).sort()).toEqual(['archive', 'kept']);
  });

  it('does not count a checkpoint of size 0, which rules nothing out, as compared', async () => {
    await builder.chain().seal({ lines: entries(0, 3) });
    const [other] = builder.signers as [Signer];
    const origin = `${ORIGIN}/refunds/0`;
    const note = checkpointText({ origin, size: 0, root: emptyRoot(nodeSha256) });
    const { id } = verifierKey(origin, other.publicKey, nodeSha256);
    const signed = { name: origin, keyId: id, signature: await other.sign(note) };
    writeFileSync(at('kept'), encodeSignedCheckpoint(note, [signed]));
    copy();
    const { code, err } = await verify();
    expect([code, err]).toEqual([2, expect.stringContaining(`${at('kept')}: only checkpoints of size 0`)]);
    // Beside others it says nothing, and is not counted.
    await ledgerstone(['verify', at('archive'), ...key, '--keep', at('first')]);
    writeFileSync(at('kept'), `${text('first')}\n${utf8Text(encodeSignedCheckpoint(note, [signed]))}`);
    const { code: both, err: said } = await verify();
    expect([both, said]).toEqual([
      0,
      expect.stringContaining(`compared with 1 checkpoint of ${at('kept')} (1 more of size 0`),
    ]);
  });

  it('finds that the newest segment is gone, and leaves what was kept', async () => {
    const chain = builder.chain();
    for (let i = 0; i < 2; i++) await chain.seal({ lines: entries(3 * i, 3) });
    const last = await chain.seal({ lines: entries(6, 3) });
    copy();
    await verify();
    const before = text();
    for (const name of [last.sealKey, last.dataKey as string]) builder.archive.remove(name);
    copy();
    const { code, out, err } = await verify();
    expect([code, out]).toEqual([1, expect.stringContaining('rollback')]);
    expect(out).toMatch(
      /\n {2}not shown, only stated by the seals that were read: \d+ of \d+ offsets are archived/,
    );
    expect([err, text()]).toEqual([expect.stringContaining('left as it is'), before]);
  });

  it('keeps nothing of a first run that is not verified', async () => {
    const built = await builder.chain().seal({ lines: entries(0, 3) });
    builder.archive.alter(built.dataKey as string, (bytes) => bytes.fill(7));
    copy();
    const { code, err } = await verify();
    expect([code, err]).toEqual([1, expect.stringContaining('nothing was kept')]);
    expect(readdirSync(dir)).toEqual(['archive']);
  });

  it('writes through a link, and has all chains in the file', async () => {
    for (const name of ['orders', 'payments']) await builder.chain(name).seal({ lines: entries(0, 3) });
    copy();
    await verify();
    mkdirSync(at('other'));
    writeFileSync(at('other/real'), text());
    rmSync(at('kept'));
    symlinkSync(at('other/real'), at('kept'));
    await builder.chain('refunds').seal({ lines: entries(0, 1) });
    copy();
    expect((await verify()).code).toBe(0);
    expect(text('other/real')).toBe(text());
    expect(sizes()).toEqual([
      ['orders/0', '1'],
      ['payments/0', '1'],
      ['refunds/0', '1'],
    ]);
  });

  it.each<readonly [string, () => void, RegExp]>([
    ['an empty file', () => writeFileSync(at('kept'), ''), /is empty.*lost/s],
    ['another file', () => writeFileSync(at('kept'), 'notes of mine\n'), /no signed checkpoint/],
    ['a folder', () => mkdirSync(at('kept')), /is not a file/],
    ['a link to nothing', () => symlinkSync(at('nowhere'), at('kept')), /link to nothing/],
    ['a folder that is not there', () => symlinkSync(at('kept'), at('kept')), /ELOOP/],
  ])('is a wrong command with %s, before anything is verified', async (_, make, reason) => {
    await builder.chain().seal({ lines: entries(0, 3) });
    copy();
    make();
    const { code, out, err } = await verify();
    expect([code, out, err]).toEqual([2, '', expect.stringMatching(reason)]);
  });

  it('is a wrong command where nothing can be written', async () => {
    await builder.chain().seal();
    copy();
    const missing = ['verify', at('archive'), ...key, '--keep', at('no/such/folder')];
    expect(await ledgerstone(missing)).toMatchObject({ code: 2, err: expect.stringContaining('no/such') });
    expect((await ledgerstone(['verify', at('archive'), ...key, '--keep', '-'])).code).toBe(2);
  });
});

describe('two runs at once', () => {
  const io = { stdin: process.stdin };
  const note = async (segments: number): Promise<string> => {
    const other = new ArchiveBuilder();
    const chain = other.chain();
    for (let i = 1; i < segments; i++) await chain.seal();
    return new TextDecoder().decode((await chain.seal()).note);
  };

  it('keep what the first of them has written', async () => {
    const [small, great] = [await note(1), await note(2)];
    const both = [await readKept(io, at('kept')), await readKept(io, at('kept'))] as const;
    expect(await writeKept(both[0], [great])).toBe('kept');
    expect(await writeKept(both[1], [small])).toBe('changed-meanwhile');
    expect(text()).toBe(great);
    const later = [await readKept(io, at('kept')), await readKept(io, at('kept'))] as const;
    expect(await writeKept(later[0], [await note(3)])).toBe('kept');
    expect(await writeKept(later[1], [small])).toBe('changed-meanwhile');
    expect(sizes()).toEqual([['orders/0', '3']]);
    expect(readdirSync(dir)).toEqual(['kept']);
  });

  it('says so where the file has vanished meanwhile', async () => {
    writeFileSync(at('kept'), await note(1));
    const kept = await readKept(io, at('kept'));
    rmSync(at('kept'));
    expect(await writeKept(kept, [await note(2)])).toBe('changed-meanwhile');
    expect(readdirSync(dir)).toEqual([]);
  });
});
