// Does a verifier that is shown the older archive attest chains that go on from it, and hold them to it?
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { answerEvent } from '../../../src/apps/verifier/handler.ts';
import { closeOlderStores } from '../../../src/apps/verifier/older.ts';
import { makeVerifier, openClients } from '../../../src/apps/verifier/wiring.ts';
import { silentLogger } from '../../../src/base/log.ts';
import { loadVerifierConfig } from '../../../src/config/verifier.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import {
  ArchiveBuilder,
  type ChainBuilder,
  entries,
  signer,
  writeCopy,
} from '../../support/archive-builder.ts';
import { headOf } from '../../vectors/archive-cases.ts';
import { ledgerstone } from '../cli/captured-io.ts';

let dir: string;
let sold: ArchiveBuilder;
let older: ChainBuilder;
let bought: ArchiveBuilder;
const at = (name: string) => join(dir, name);
const keyOf = (builder: ArchiveBuilder) => encodeVkey(builder.trusted[0] as VerifierKey);

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-older-verifier-'));
  sold = new ArchiveBuilder({ origin: 'sold.example.com/prod', signers: [signer('sold key')] });
  older = sold.chain('orders');
  await older.fill(1, 4);
  bought = new ArchiveBuilder();
  const newer = bought.chain('orders', 0, 4);
  await newer.seal({ continues: headOf(older, { reason: 'sold' }) });
  await newer.seal({ lines: entries(4, 2) });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Confirms all chains: what is said of each. */
async function confirmed(showsOlder: boolean): Promise<string[]> {
  const said: string[] = [];
  const say = (_: object, text: string) => {
    if (text.includes('attested')) said.push(text);
  };
  writeCopy(sold.archive, at('old'));
  writeCopy(bought.archive, at('new'));
  mkdirSync(at('own'));
  const shown = `, older: [{ store: { kind: directory, path: old }, trusted: ['${keyOf(sold)}'] }]`;
  writeFileSync(
    at('verifier.yaml'),
    `archive: { store: { kind: directory, path: new }, trusted: ['${keyOf(bought)}']${showsOlder ? shown : ''} }
attestations: { store: { kind: directory, path: own }, retention: { mode: COMPLIANCE, period: 1y } }
cosigner: { name: verifier.example.com/prod, signing: { kind: local, keyFile: key.pem } }
`,
  );
  expect(await ledgerstone(['init', '--config', at('verifier.yaml')])).toMatchObject({ code: 0 });
  const config = await loadVerifierConfig(at('verifier.yaml'), {});
  const clients = await openClients(config);
  const checker = portableChecker(nodeContentTools);
  const verifier = makeVerifier(config, clients, { checker, log: { ...silentLogger, info: say, warn: say } });
  await answerEvent(verifier, { task: 'confirm' }, () => 900_000).catch(() => null);
  await Promise.all([clients.archive.close(), clients.own.close(), closeOlderStores(clients.older)]);
  return said.toSorted();
}

it('attests them if it is shown the older archive', async () => {
  expect(await confirmed(true)).toEqual(['attested']);
});

it('attests none of them if it is not', async () => {
  expect(await confirmed(false)).toEqual([expect.stringMatching(/^not attested: .*unreadable/)]);
});

it('attests none that says what the older archive does not bear out', async () => {
  bought = new ArchiveBuilder();
  await bought.chain('orders', 0, 4).seal({ continues: headOf(older, { root: 'ab'.repeat(32) }) });
  expect(await confirmed(true)).toEqual([expect.stringMatching(/^not attested: .*fork/)]);
});

it('attests neither of two that go on from one older chain', async () => {
  await bought.chain('orders-2', 0, 4).seal({ continues: headOf(older) });
  const neither = expect.stringMatching(/^not attested: .*fork/);
  expect(await confirmed(true)).toEqual([neither, neither]);
});
