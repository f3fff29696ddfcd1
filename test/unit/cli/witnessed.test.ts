// Does `prove --policy` find the checkpoint that the witnesses have cosigned, and does `check --policy` hold it to the rule?
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { readPolicy } from '../../../src/format/tlog-policy.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { Attester } from '../../../src/verifier/attest/attester.ts';
import { Witnesses, type WitnessesOptions } from '../../../src/verifier/witness/witnesses.ts';
import { NOW_MS, writeCopy, YEAR_MS } from '../../support/archive-builder.ts';
import { NAME, PLACE, VerifierWorld } from '../../support/verifier-world.ts';
import { witnessServer } from '../../support/witness-server.ts';
import { ledgerstone } from './captured-io.ts';

const HOUR_MS = 3_600_000;
const WITNESS = 'witness.example.com/w1';
let dir: string;
const at = (name: string) => join(dir, name);
let prove: (offset: number, ...options: readonly string[]) => ReturnType<typeof ledgerstone>;

/** Attested at sizes 1 to 4, each an hour after the other, and witnessed at 1 and 3: once in two hours. */
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-witnessed-'));
  let nowMs = Math.floor(NOW_MS / (2 * HOUR_MS)) * 2 * HOUR_MS;
  const world = new VerifierWorld();
  await using witness = await witnessServer(WITNESS, () => Math.floor(nowMs / 1000));
  const [key] = witness.keys;
  if (key === undefined) throw new Error('no key');
  const policyText = `witness W ${encodeCosignerVkey(key)} ${witness.url}\nquorum W\n`;
  const policy = readPolicy(policyText, nodeSha256);
  const clock = { now: () => nowMs, monotonic: () => 0, sleep: async () => undefined };
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const witnesses = new Witnesses({
    ...{
      archive: world.builder.archive,
      policy,
      everyMs: 2 * HOUR_MS,
      required: true,
      timeoutMs: 2_000,
      clock,
      log,
    },
  } as unknown as WitnessesOptions);
  const attester = new Attester({
    ...{ store: world.store, signer: world.signer, name: NAME, trusted: world.builder.trusted, witnesses },
    ...{ retention: { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } }, sha256: nodeSha256, clock },
  });
  for (let size = 1; size <= 4; size++, nowMs += HOUR_MS) {
    await world.grow(1);
    await world.step(size, { ...world.tools(), attester });
  }
  expect([
    world.attestedSizes(),
    witness.asked.filter(({ status }) => status === 200).map(({ size }) => size),
  ]).toEqual([
    [1, 2, 3, 4],
    [1, 3],
  ]);
  writeCopy(world.builder.archive, at('archive'));
  for (const key of world.store.keys()) {
    mkdirSync(dirname(join(dir, 'own', key)), { recursive: true });
    writeFileSync(join(dir, 'own', key), world.store.versionsOf(key)[0]?.bytes as Uint8Array);
  }
  writeFileSync(at('log.vkey'), `${encodeVkey(world.builder.trusted[0] as VerifierKey)}\n`);
  writeFileSync(at('verifier.vkey'), `${encodeCosignerVkey(attester.key)}\n`);
  writeFileSync(at('policy'), policyText);
  const both = `witness V ${encodeCosignerVkey(attester.key)}\n${policyText.replace('quorum W', 'group B all V W\nquorum B')}`;
  writeFileSync(at('both'), both);
  const from = [at('archive'), '--key', at('log.vkey'), '--topic', PLACE.chain, '--partition', '0'];
  const attested = ['--attestations', at('own'), '--cosigner', at('verifier.vkey')];
  prove = async (offset, ...options) => {
    const asked = options.includes('--alone')
      ? options.filter((one) => one !== '--alone')
      : [...attested, ...options];
    const line = await ledgerstone(['get', ...from, '--from', String(offset), '--to', String(offset)]);
    writeFileSync(at('line'), line.out);
    const proof = await ledgerstone(['prove', ...from, '--offset', String(offset), ...asked]);
    writeFileSync(at('proof'), proof.out);
    return proof;
  };
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const check = (policy: string) =>
  ledgerstone(['check', at('proof'), '--entry', at('line'), '--key', at('log.vkey'), '--policy', at(policy)]);

it.each([
  [0, 1],
  [3, 3],
  [7, 3],
])('the proof of offset %i leads to the witnessed checkpoint of size %i', async (offset, size) => {
  expect((await prove(offset, '--policy', at('policy'))).code).toBe(0);
  for (const policy of ['policy', 'both']) {
    const { code, out } = await check(policy);
    expect([code, out]).toEqual([0, expect.stringContaining(`checkpoint of size ${size}`)]);
    expect(out).toContain(WITNESS);
  }
});

it('without --policy it leads to the next attestation, which no witness has seen', async () => {
  expect((await prove(3)).code).toBe(0);
  const { code, out } = await check('policy');
  expect([code, out]).toEqual([3, expect.stringContaining(`cosigned by ${WITNESS}`)]);
});

it('a segment behind the last witnessed checkpoint is not there yet', async () => {
  const { code, err } = await prove(9, '--policy', at('policy'));
  expect([code, err]).toEqual([4, expect.stringContaining('1 attestation from there on was looked at')]);
});

it('is asked of attestations only', async () => {
  const { code, err } = await prove(0, '--alone', '--policy', at('policy'));
  expect([code, err]).toEqual([2, expect.stringContaining('--policy looks among attestations')]);
});
