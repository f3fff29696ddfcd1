// What does this version say of an archive that a newer one has written?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEventProof } from '../../../src/format/event-proof.ts';
import { encodeSignedCheckpoint } from '../../../src/format/note.ts';
import { parseSeal } from '../../../src/format/seal.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let archive: string;
let key: string[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-newer-'));
  archive = join(dir, 'archive');
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  await chain.fill(1, 3);
  const later = await chain.seal({
    lines: entries(3, 2),
    manifestText: () => '{"format":"ledgerstone/segment/2","all":"else"}',
  });
  writeCopy(builder.archive, archive);
  key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
  const seal = parseSeal(builder.archive.bytesOf(later.sealKey) as Uint8Array);
  const note = encodeSignedCheckpoint(seal.signed.text, seal.signed.signatures);
  writeFileSync(join(dir, 'proof'), encodeEventProof({ ...seal, note, line: 0, linePath: [] }));
  writeFileSync(join(dir, 'line'), '(a line of version 2)\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const UPGRADE = /made by a newer version.*upgrade/i;

describe('an archive that goes on in version 2', () => {
  it('is not called broken by verify, and the verdict says what to do', async () => {
    const { code, out } = await ledgerstone(['verify', archive, ...key]);
    expect(code).toBe(3);
    expect(out).not.toContain('broken');
    expect(out.split('\n').find((line) => line.startsWith('unverifiable'))).toMatch(UPGRADE);
    const json = JSON.parse((await ledgerstone(['verify', archive, ...key, '--json'])).out);
    expect(json).toMatchObject({
      verdict: 'unverifiable',
      chains: [{ findings: [{}, { code: 'newer-format' }] }],
    });
  });

  it.each([
    ['show', ['show', 'ARCHIVE', '--topic', 'orders', '--partition', '0', '--sequence', '2']],
    ['get', ['get', 'ARCHIVE', '--topic', 'orders', '--partition', '0', '--from', '3', '--prove']],
    ['prove', ['prove', 'ARCHIVE', '--topic', 'orders', '--partition', '0', '--offset', '3']],
  ])('is not called broken by %s', async (_name, args) => {
    const given = args.map((arg) => (arg === 'ARCHIVE' ? archive : arg));
    const { code, out, err } = await ledgerstone([...given, ...key]);
    expect(`${out}${err}`).toMatch(UPGRADE);
    expect(code).toBe(3);
  });

  it('is not called broken by check, whose line may be another too', async () => {
    const args = ['check', join(dir, 'proof'), '--entry', join(dir, 'line'), ...key];
    const { code, out } = await ledgerstone(args);
    expect(out).toMatch(UPGRADE);
    expect(code).toBe(3);
  });
});
