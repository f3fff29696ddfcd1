// Is it said, before anybody approves, what a decision is about as the archive stands?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeVkey } from '../../../src/format/vkey.ts';
import {
  ArchiveBuilder,
  archiveKey,
  entries,
  ORIGIN,
  signer,
  writeCopy,
} from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
const at = (name: string) => join(dir, name);
const decided = (...args: string[]) =>
  ledgerstone([
    ...[...args, '--config', at('governance.yaml'), '--by', 'Ada Byron', '--reason', 'Because'],
    ...['--sign-key', at('ada.pem')],
  ]);
const record = (kind: string, detail: object) =>
  decided('governance', 'record', kind, '--detail', JSON.stringify(detail));
const show = (out: string) =>
  ledgerstone([
    'governance',
    'show',
    /approve ([0-9a-f]{8})/.exec(out)![1]!,
    '--config',
    at('governance.yaml'),
  ]);
const gap = (from: number, to: number, chain = 'orders') => ({ chain, partition: 0, from, to });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-looked-'));
  const builder = new ArchiveBuilder();
  const lost = { offset: 2, last: 4, reason: 'expired' as const, by: 'J. Doe', why: 'outage' };
  await builder.chain().seal({ lines: [...entries(0, 2), lost, ...entries(5, 6)] });
  await builder.chain('import.old').seal({ lines: entries(0, 2) });
  writeCopy(builder.archive, at('archive'));
  writeFileSync(
    at('people.yaml'),
    `approvalHours: 72
people:
  - { name: Ada Byron, key: ada.vkey, roles: [officer] }
  - { name: Grace Hopper, key: grace.vkey, roles: [approver] }
`,
  );
  writeFileSync(
    at('governance.yaml'),
    `archive:
  origin: ${ORIGIN}
  store: { kind: directory, path: archive }
  trusted: [ "${encodeVkey(archiveKey(signer()))}" ]
governance:
  signing: { kind: local, keyFile: governance.pem }
  retention: { mode: COMPLIANCE, period: 10y }
`,
  );
  for (const who of ['ada', 'grace', 'governance', 'next'])
    await ledgerstone(['governance', 'key', at(`${who}.pem`), '--vkey', at(`${who}.vkey`)]);
  expect((await decided('governance', 'charter', at('people.yaml'))).code).toBe(0);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.each([
  ['none of which is lost', gap(7, 9), 'of 3 offsets of orders/0 none is lost'],
  ['of a chain that is not there', gap(0, 9_007_199_254_740_000, 'nochain'), 'no chain nochain/0'],
])('offsets %s are not proposed for acceptance', async (_, detail, said) => {
  const { code, err } = await record('gap.accept', detail);
  expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  expect(err).toContain('ledgerstone losses');
});

it('says how many of the offsets are lost, when it is proposed and when it is shown', async () => {
  const { code, out, err } = await record('gap.accept', gap(3, 9));
  expect([code, err]).toEqual([4, '']);
  expect(out).toContain('of 7 offsets of orders/0 2 are lost\n');
  expect((await show(out)).out).toContain('approved now: of 7 offsets of orders/0 2 are lost\n');
  // Without the log's key nothing is known of its chain, and the act is shown all the same.
  const id = /approve ([0-9a-f]{8})/.exec(out)![1]!;
  const vkey = (await ledgerstone(['governance', 'show', '--config', at('governance.yaml'), '--json'])).out;
  const key = ['--key', JSON.parse(vkey).vkeys[0]];
  const shown = await ledgerstone(['governance', 'show', at('archive'), '--id', id, ...key]);
  expect([shown.code, shown.out]).toEqual([
    0,
    expect.stringMatching(/none is lost; there may be more: .*key/),
  ]);
});

it('says of a finding that nobody looked whether it is there', async () => {
  const { code, out } = await record('finding.ack', { finding: '0123456789abcdef0123456789abcdef' });
  expect([code, out]).toEqual([0, expect.stringContaining('nobody looked whether the verifier found that')]);
});

it('names the chains that still have a key that is to be retired', async () => {
  const ended = ['--ended', 'orders/0', '--ended', 'import.old/0'];
  const { out } = await decided('keys', 'retire', encodeVkey(archiveKey(signer())), ...ended);
  expect((await show(out)).out).toMatch(/these chains still have it.*\n.*(orders|import\.old)\/0: signed by/);
});

it('names chains of imports, which no archiver changes over', async () => {
  const { code, out } = await decided('keys', 'rotate', '--new', at('next.pem'));
  expect(code).toBe(4);
  expect(out).toContain(
    'no archiver seals what was imported: it takes the key where you import, by\n' +
      '  ledgerstone keys follow --config ledgerstone.yaml\n' +
      'or, if nothing more is imported there, it ends with the earlier key:\n  --ended import.old/0\n',
  );
});
