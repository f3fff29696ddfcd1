// Can one key count twice in a quorum, or the log's key count as a witness?
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { ledgerstone } from './captured-io.ts';

const log = memorySigner({ seed: 'log', algorithm: 'ecdsa-p256' });
const keyOf = (name: string, signer = memorySigner({ seed: 'verifier' })) =>
  encodeCosignerVkey(cosignerKey(name, signer.publicKey, nodeSha256));
let dir: string;
let check: (...options: string[]) => ReturnType<typeof ledgerstone>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-quorum-'));
  const builder = new ArchiveBuilder({ signers: [log] });
  await builder.chain().seal({ lines: entries(0, 3) });
  writeCopy(builder.archive, join(dir, 'archive'));
  const [trusted] = builder.trusted;
  const key = ['--key', encodeVkey(trusted as NonNullable<typeof trusted>)];
  const event = ['--topic', 'orders', '--partition', '0', '--offset', '1', '--json'];
  const { out } = await ledgerstone(['prove', join(dir, 'archive'), ...key, ...event]);
  const { proof, line } = JSON.parse(out) as { proof: string; line: string };
  writeFileSync(join(dir, 'proof'), proof);
  writeFileSync(join(dir, 'line'), line);
  check = (...options) =>
    ledgerstone(['check', join(dir, 'proof'), '--entry', join(dir, 'line'), ...key, ...options]);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it.each([
  ['the same key', keyOf('a.example.com'), keyOf('a.example.com')],
  ['one key under two names', keyOf('a.example.com'), keyOf('b.example.com')],
])('refuses %s as two of a quorum', async (_, first, second) => {
  const { code, err } = await check('--cosigner', first, '--cosigner', second, '--quorum', '2');
  expect([code, err]).toEqual([2, expect.stringContaining('is named twice')]);
});

it("refuses the log's own key as a cosigner: its signature stands under every seal", async () => {
  const own = keyOf('audit.example.com/prod/orders/0', log);
  const { code, err } = await check('--cosigner', own);
  expect([code, err]).toEqual([2, expect.stringContaining('is named twice')]);
  writeFileSync(join(dir, 'policy'), `witness W ${own}\nquorum W\n`);
  expect((await check('--policy', join(dir, 'policy'))).code).toBe(2);
});

it.each([['verify'], ['status'], ['prove']])('%s takes it for no second party either', async (command) => {
  const attested = ['--attestations', join(dir, 'archive'), '--cosigner', keyOf('verifier.example.com', log)];
  const event = command === 'prove' ? ['--topic', 'orders', '--partition', '0', '--offset', '1'] : [];
  const key = encodeVkey(new ArchiveBuilder({ signers: [log] }).trusted[0] as VerifierKey);
  const { code, err } = await ledgerstone([
    command,
    join(dir, 'archive'),
    '--key',
    key,
    ...event,
    ...attested,
  ]);
  expect([code, err]).toEqual([2, expect.stringContaining("is the log's own")]);
});

it('counts no signature under the name of the chain: it is the log, also by a key that is not pinned', async () => {
  const old = memorySigner({ seed: 'old' });
  const builder = new ArchiveBuilder({ signers: [old, log] });
  await builder.chain().seal({ lines: entries(0, 3) });
  const { note } = await builder.chain('payments').seal({ signers: [old, log], lines: entries(0, 3) });
  const root = join(dir, 'attested');
  mkdirSync(join(root, 'attestations/topic=payments/partition=0'), { recursive: true });
  writeFileSync(join(root, 'attestations/topic=payments/partition=0/000000000001.note'), note);
  writeCopy(builder.archive, join(dir, 'rotated'));
  const key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
  const own = keyOf('audit.example.com/prod/payments/0', log);
  const at = [join(dir, 'rotated'), ...key];
  const { code, err } = await ledgerstone(['verify', ...at, '--attestations', root, '--cosigner', own]);
  expect([code, err]).toEqual([2, expect.stringContaining('nothing to compare with')]);
  const event = ['--topic', 'payments', '--partition', '0'];
  writeFileSync(join(dir, 'proof'), (await ledgerstone(['prove', ...at, ...event, '--offset', '1'])).out);
  const line = await ledgerstone(['get', ...at, ...event, '--from', '1', '--to', '1']);
  writeFileSync(join(dir, 'line'), line.out);
  const files = [join(dir, 'proof'), '--entry', join(dir, 'line')];
  expect((await ledgerstone(['check', ...files, ...key, '--cosigner', own])).code).toBe(3);
});
