// Do decisions go on behind a foreign object by the command line, and does `verify` follow?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { GOVERNANCE_CHAIN } from '../../../src/format/chain.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, ORIGIN, signer, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let decisions: string;
const at = (name: string) => join(dir, name);
const as = (name: string, key: string) => [
  ...['--config', at('governance.yaml'), '--by', name, '--sign-key', at(key), '--json'],
];
const ADA = () => as('Ada Byron', 'ada.pem');
const asked = async (...args: string[]) => {
  const { code, out, err } = await ledgerstone(args);
  return { code, err, answer: out === '' ? null : JSON.parse(out) };
};
const hold = (name: string) =>
  asked(
    ...['hold', 'place', '--case', name, '--topic', 'orders', '--partition', '0', '--offsets', '0-1'],
    ...['--reason', 'Case', ...ADA()],
  );
const proposed = () => asked('governance', 'continue', '--reason', 'A foreign object', ...ADA());

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-continue-'));
  const builder = new ArchiveBuilder();
  await builder.chain().seal({ lines: entries(0, 2) });
  writeCopy(builder.archive, at('archive'));
  for (const who of ['ada', 'grace', 'governance'])
    await ledgerstone(['governance', 'key', at(`${who}.pem`), '--vkey', at(`${who}.vkey`)]);
  const log = encodeVkey(verifierKey(ORIGIN, signer().publicKey, nodeSha256));
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
    `archive: { origin: ${builder.origin}, store: { kind: directory, path: archive }, trusted: [ "${log}" ] }
governance: { signing: { kind: local, keyFile: governance.pem }, retention: { mode: COMPLIANCE, period: 10y } }
`,
  );
  const charter = await asked('governance', 'charter', at('people.yaml'), '--reason', 'Begin', ...ADA());
  expect(charter).toMatchObject({ code: 0 });
  decisions = charter.answer.vkey;
  expect(await hold('C-1')).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('one proposes, another one approves, and all of it stands', async () => {
  expect(await proposed()).toMatchObject({ code: 2, err: expect.stringContaining('is not broken') });
  writeFileSync(at(`archive/${sealKey(GOVERNANCE_CHAIN, 0, 3)}`), 'no seal');
  const refused = await hold('C-2');
  expect([refused.code, refused.err]).toEqual([3, expect.stringContaining('governance continue')]);

  const listed = async (what: string) => {
    const of = ['governance', what, '--config', at('governance.yaml')];
    const { code: textCode, out } = await ledgerstone(of);
    return { textCode, out, ...(await asked(...of, '--json')) };
  };
  const before = await listed('list');
  expect(before).toMatchObject({ code: 1, textCode: 1, answer: { continuation: null } });
  expect(before.out).toContain(
    'nobody has proposed to go on behind the break: ledgerstone governance continue',
  );

  const { code, answer } = await proposed();
  expect(code).toBe(4);
  for (const what of ['list', 'show']) {
    const waiting = await listed(what);
    expect(waiting).toMatchObject({
      ...{ code: 1, textCode: 1 },
      answer: { continuation: { id: answer.id, state: 'waiting', begun: answer.begun } },
    });
    expect(waiting.out).toContain(`proposed behind the break, in ${ORIGIN}/${GOVERNANCE_CHAIN}/1:`);
    expect(waiting.out).toContain(`ledgerstone governance approve ${answer.id.slice(0, 8)}`);
  }
  expect(answer).toMatchObject({
    ...{ state: 'waiting', written: true, begun: `${ORIGIN}/${GOVERNANCE_CHAIN}/1` },
    detail: { origin: `${ORIGIN}/${GOVERNANCE_CHAIN}/0`, size: 3 },
  });
  expect(await proposed()).toMatchObject({ code: 4, answer: { id: answer.id, written: false } });
  const own = await asked('governance', 'approve', answer.id, '--reason', 'Mine', ...ADA());
  expect(own).toMatchObject({ code: 2 });
  const answerOf = ['governance', 'approve', answer.id, '--reason', 'Seen'];
  for (const written of [true, false])
    expect(await asked(...answerOf, ...as('Grace Hopper', 'grace.pem'))).toMatchObject({
      ...{ code: 0, answer: { state: 'in-force', written } },
    });
  expect(await hold('C-2')).toMatchObject({ code: 0 });

  const show = await asked('governance', 'show', '--config', at('governance.yaml'), '--json');
  expect(show.answer.continuation).toBeNull();
  expect(show.answer.holds.map((one: { case: string }) => one.case)).toEqual(['C-1', 'C-2']);
  const keys = ['--key', encodeVkey(verifierKey(ORIGIN, signer().publicKey, nodeSha256)), '--key', decisions];
  const verified = await asked('verify', at('archive'), ...keys, '--json');
  expect(verified).toMatchObject({ code: 0, answer: { verdict: 'verified' } });
  const codes = verified.answer.chains.flatMap((one: { findings: { code: string }[] }) =>
    one.findings.map((finding) => finding.code),
  );
  expect(codes.filter((code: string) => code !== 'locks-not-applicable')).toEqual(['foreign-object']);
});
