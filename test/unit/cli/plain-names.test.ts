// Can two cases have names that look the same?
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerstone } from './captured-io.ts';

let dir: string;
const at = (name: string) => join(dir, name);

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-names-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const HIDDEN: [name: string, said: string][] = [
  ['C\u{200b}-1', '--case has the invisible character U+200B after "C"'],
  ['C-1\u{202e}', '--case has the invisible character U+202E after "C-1"'],
  ['C\u{2028}1', '--case has the invisible character U+2028 after "C"'],
  ['\u{e0041}C-1', '--case has the invisible character U+E0041 at its beginning'],
  [' C-1', '--case has a space (U+0020) at its beginning'],
  ['C-1 ', '--case has a space (U+0020) at its end'],
  ['C  1', '--case has two spaces (U+0020) in a row after "C"'],
  ['C\u{a0}1', '--case has a space (U+00A0) that looks like another after "C"'],
];
const DECIDER = ['--config', 'none.yaml', '--by', 'Ada', '--reason', 'r', '--sign-key', 'none.pem'];

describe('a name of a case that shows no difference', () => {
  it.each(HIDDEN)('%j is refused by hold place', async (name, said) => {
    const { code, err } = await ledgerstone([
      ...['hold', 'place', '--topic', 'orders', '--future', '--case', name, ...DECIDER],
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  });

  it.each(HIDDEN)('%j is refused by export', async (name, said) => {
    const { code, err } = await ledgerstone([
      ...['export', at('archive'), '--topic', 'orders', '--partition', '0', '--offsets', '0-1'],
      ...['--case', name, '--purpose', 'Audit', '--by', 'Ada', '--out', at('case.zip')],
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  });
});

describe('governance record', () => {
  it('refuses such a case of what was disclosed', async () => {
    const detail = JSON.stringify({ case: 'C\u{200b}-1', to: 'Acme', what: 'a field' });
    const { code, err } = await ledgerstone([
      ...['governance', 'record', 'disclose', '--detail', detail, ...DECIDER],
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining('case in --detail has the invisible')]);
  });
});

describe('governance key', () => {
  it('leaves no key where the verifier key cannot be written', async () => {
    writeFileSync(at('taken.vkey'), 'something else\n');
    for (const vkey of [at('taken.vkey'), at('no/such/folder.vkey')]) {
      const { code } = await ledgerstone(['governance', 'key', at('ada.pem'), '--vkey', vkey]);
      expect([code, existsSync(at('ada.pem'))]).toEqual([expect.any(Number), false]);
      expect(code).not.toBe(0);
    }
  });
});
