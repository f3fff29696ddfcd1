// Do the commands about decisions say what they looked at, and what not?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
const at = (name: string) => join(dir, name);
const config = () => ['--config', at('governance.yaml')];
const ada = () => ['--reason', 'r', ...config(), '--by', 'Ada Byron', '--sign-key', at('ada.pem')];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-words-'));
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  for (let segment = 0; segment < 6; segment++) await chain.seal({ lines: entries(segment * 10, 10) });
  writeCopy(builder.archive, at('archive'));
  writeFileSync(
    at('governance.yaml'),
    `archive:
  origin: ${builder.origin}
  store: { kind: directory, path: archive }
  trusted: [ "${encodeVkey(builder.trusted[0]!)}" ]
governance:
  signing: { kind: local, keyFile: governance.pem }
  retention: { mode: COMPLIANCE, period: 10y }
`,
  );
  writeFileSync(
    at('people.yaml'),
    `approvalHours: 72
people:
  - { name: Ada Byron, key: ada.vkey, roles: [officer] }
  - { name: Grace Hopper, key: grace.vkey, roles: [approver] }
`,
  );
  for (const who of ['ada', 'grace', 'governance'])
    await ledgerstone(['governance', 'key', at(`${who}.pem`), '--vkey', at(`${who}.vkey`)]);
  const hold = ['hold', 'place', '--topic', 'orders', ...ada()];
  for (const args of [
    ['governance', 'charter', at('people.yaml'), ...ada()],
    [...hold, '--case', 'B', '--partition', '0', '--offsets', '10-19'],
    [...hold, '--case', 'F', '--future'],
  ])
    expect(await ledgerstone(args)).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('hold keep', () => {
  it('with --since names the cases that it did not look at', async () => {
    const { code, out } = await ledgerstone(['hold', 'keep', ...config(), '--since', '2h']);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(
        'looked at F only: cases without later segments (B) are not kept with --since: ' +
          '`hold keep` without it looks at them, and `hold enforce`',
      ),
    ]);
    const { out: json } = await ledgerstone(['hold', 'keep', ...config(), '--since', '2h', '--json']);
    expect(JSON.parse(json)).toMatchObject({ cases: ['B', 'F'], notLooked: ['B'] });
  });

  it('without it looks at all of them', async () => {
    const { out } = await ledgerstone(['hold', 'keep', ...config()]);
    expect(out).not.toContain('looked at');
  });
});
