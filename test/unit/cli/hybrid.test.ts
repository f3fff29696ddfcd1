// What is said of a cosigner that signs with two kinds of keys, and what if one of its lines is bad, cut or gone?
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from '../../../src/base/bytes.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { verifySignature } from '../../../src/base/signature.ts';
import { checkPackage, colourOf } from '../../../src/evidence/check.ts';
import { readZip } from '../../../src/evidence/zip.ts';
import { attestationKey } from '../../../src/format/attestation.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { confirmStep } from '../../../src/verifier/seal-path.ts';
import { entries, writeCopy } from '../../support/archive-builder.ts';
import { memoryMlDsaSigner } from '../../support/memory-signer.ts';
import { NAME, PLACE, VerifierWorld } from '../../support/verifier-world.ts';
import { ledgerstone } from './captured-io.ts';

const second = memoryMlDsaSigner('verifier');
const mlDsa = encodeCosignerVkey(cosignerKey(NAME, second.publicKey, nodeSha256));
const otherMlDsa = memoryMlDsaSigner('other');
const other = encodeCosignerVkey(cosignerKey('other.example.com', otherMlDsa.publicKey, nodeSha256));
let dir: string;
let ed25519: string;
let proof: string;
const at = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-hybrid-'));
  const world = new VerifierWorld();
  await world.grow(2);
  const tools = { ...world.tools(), attester: world.attester(undefined, undefined, second) };
  await world.step(2, tools);
  expect(world.attestedSizes()).toEqual([2]);
  ed25519 = encodeCosignerVkey(tools.attester.key);
  writeCopy(world.builder.archive, at('archive'));
  writeFileSync(at('log.vkey'), `${encodeVkey(world.builder.trusted[0] as VerifierKey)}\n`);
  writeFileSync(at('verifier.vkey'), `# ours\n${ed25519}\n${mlDsa}\n`);
  const note = join(dir, 'own', attestationKey(PLACE.chain, PLACE.partition, 2));
  mkdirSync(dirname(note), { recursive: true });
  writeFileSync(
    note,
    world.store.versionsOf(attestationKey(PLACE.chain, PLACE.partition, 2))[0]?.bytes as Uint8Array,
  );
  const from = [at('archive'), '--key', at('log.vkey')];
  const event = ['--topic', PLACE.chain, '--partition', String(PLACE.partition)];
  const attested = ['--attestations', at('own'), '--cosigner', at('verifier.vkey')];
  proof = (await ledgerstone(['prove', ...from, ...event, '--offset', '1', ...attested])).out;
  writeFileSync(at('line'), (await ledgerstone(['get', ...from, ...event, '--from', '1', '--to', '1'])).out);
  const about = ['--case', '1', '--purpose', 'audit', '--by', 'Ada Byron', '--offsets', '0-1'];
  const exported = await ledgerstone([
    'export',
    ...from,
    ...event,
    ...about,
    ...attested,
    '--out',
    at('package.zip'),
  ]);
  expect([exported.code, exported.err]).toEqual([0, expect.stringContaining(`second party ${NAME}`)]);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const check = (text: string, ...options: readonly string[]) => {
  writeFileSync(at('proof'), text);
  return ledgerstone(['check', at('proof'), '--entry', at('line'), '--key', at('log.vkey'), ...options]);
};
/** Changes the last line: that of the ML-DSA-44 key. */
function lastLine(change: (body: Uint8Array) => Uint8Array | null): string {
  const lines = proof.trimEnd().split('\n');
  const [dash, name, body = ''] = (lines.pop() as string).split(' ');
  const changed = change(fromBase64(body));
  if (changed !== null) lines.push(`${dash} ${name} ${toBase64(changed)}`);
  return `${lines.join('\n')}\n`;
}
const gone = () => lastLine(() => null);
const spoilt = () => lastLine((body) => body.map((byte, index) => (index === 2000 ? byte ^ 1 : byte)));
const cut = (length: number) => () => lastLine((body) => body.subarray(0, length));

describe('check', () => {
  it('shows both, and when', async () => {
    const { code, out } = await check(proof, '--cosigner', at('verifier.vkey'));
    expect([code, out]).toEqual([0, expect.stringContaining(`cosigned by ${NAME}, ${NAME} (ML-DSA-44)`)]);
  });

  it('needs both of one name where both are named, also for a quorum of one', async () => {
    for (const quorum of [[], ['--quorum', '1']]) {
      const { code, out } = await check(gone(), '--cosigner', at('verifier.vkey'), ...quorum);
      expect([code, out]).toEqual([3, expect.stringContaining('unknown-key')]);
      expect(out).not.toContain('verified:');
    }
    expect((await check(gone(), '--cosigner', ed25519)).code).toBe(0);
    expect((await check(gone(), '--cosigner', mlDsa)).code).toBe(3);
    expect((await check(proof, '--cosigner', mlDsa)).code).toBe(0);
  });

  it('counts two keys of one name as one cosigner', async () => {
    expect((await check(proof, '--cosigner', at('verifier.vkey'), '--quorum', '1')).code).toBe(0);
    const two = await check(proof, '--cosigner', at('verifier.vkey'), '--quorum', '2');
    expect([two.code, two.err]).toEqual([2, expect.stringContaining('--quorum 2 of 1 cosigner')]);
    const mixed = ['--cosigner', at('verifier.vkey'), '--cosigner', other];
    expect((await check(proof, ...mixed, '--quorum', '1')).code).toBe(0);
    expect((await check(proof, ...mixed, '--quorum', '2')).code).toBe(3);
    expect((await check(gone(), ...mixed, '--quorum', '1')).code).toBe(3);
  });

  it('holds a policy of both kinds to what it says', async () => {
    const policy = (rule: string) => {
      writeFileSync(at('policy'), `witness E ${ed25519}\nwitness M ${mlDsa}\nwitness O ${other}\n${rule}\n`);
      return ['--policy', at('policy')];
    };
    expect((await check(proof, ...policy('group G all E M\nquorum G'))).code).toBe(0);
    expect((await check(gone(), ...policy('group G all E M\nquorum G'))).code).toBe(3);
    expect((await check(gone(), ...policy('group G any E M\nquorum G'))).code).toBe(0);
    const { code, out } = await check(proof, ...policy('group G 3 E M O\nquorum G'));
    expect([code, out]).toEqual([3, expect.stringContaining(`3 of (${NAME}, ${NAME} (ML-DSA-44)`)]);
  });

  it.each([
    ['one bit more or less', spoilt],
    ['as long as an Ed25519 cosignature', cut(76)],
    ['one byte short', cut(2431)],
    ['nothing but its key id and one byte', cut(5)],
  ])('says broken of a line with %s, whatever else has signed', async (_, text) => {
    for (const quorum of [[], ['--quorum', '1']]) {
      const { code, out, err } = await check(text(), '--cosigner', at('verifier.vkey'), ...quorum);
      expect([code, err]).toEqual([1, '']);
      expect(out).toContain('bad-signature');
    }
    // Nobody was asked about that key.
    expect((await check(text(), '--cosigner', ed25519)).code).toBe(0);
  });
});

describe('a package', () => {
  const packed = (verify = verifySignature) =>
    checkPackage(readZip(readFileSync(at('package.zip'))), {
      given: { log: null, cosigners: null, signers: null },
      sha256: nodeSha256,
      verifySignature: verify,
    });

  it('names both kinds of keys', async () => {
    const { cosigned, findings } = await packed();
    expect(cosigned.map(({ by, algorithm }) => [by, algorithm])).toEqual([
      [NAME, 'ed25519'],
      [NAME, 'ml-dsa-44'],
    ]);
    expect(findings.map(({ kind }) => kind)).toEqual(['unsigned']);
  });

  it('says what could not be checked where the library is not there, and never green', async () => {
    const check = await packed(async (key, message, signature) => {
      if (key.algorithm === 'ml-dsa-44') throw new LedgerstoneError('not-checked', 'no library');
      return verifySignature(key, message, signature);
    });
    expect(check.cosigned.map(({ algorithm }) => algorithm)).toEqual(['ed25519']);
    expect(check.findings).toContainEqual({
      kind: 'cosignature-unchecked',
      colour: 'amber',
      about: { chain: `${PLACE.chain}/${PLACE.partition}`, by: `${NAME} (ML-DSA-44)` },
    });
    expect(colourOf(check, new Set(check.keys.map(({ hash }) => hash)))).toBe('amber');
  });
});

describe('the verifier', () => {
  it('attests with both keys or not at all, and tries again', async () => {
    const world = new VerifierWorld();
    await world.grow(1);
    let isDown = true;
    const flaky: typeof second = {
      ...second,
      sign: (...asked) =>
        isDown ? Promise.reject(new LedgerstoneError('kms-unavailable', 'x')) : second.sign(...asked),
    };
    const tools = { ...world.tools(), attester: world.attester(undefined, undefined, flaky) };
    await expect(world.step(1, tools)).rejects.toMatchObject({ code: 'kms-unavailable' });
    expect(world.attestedSizes()).toEqual([]);
    isDown = false;
    await world.step(1, tools);
    expect(world.attestedSizes()).toEqual([1]);
    const note = world.store.versionsOf(attestationKey(PLACE.chain, PLACE.partition, 1))[0]
      ?.bytes as Uint8Array;
    expect(
      new TextDecoder()
        .decode(note)
        .split('\n')
        .filter((line) => line.includes(NAME)),
    ).toHaveLength(2);
  });

  it('attests a chain whose origin is too long for ML-DSA-44 with its first key', async () => {
    const world = new VerifierWorld();
    const place = { chain: 'x'.repeat(249), partition: 0 };
    await world.builder.chain(place.chain).seal({ lines: entries(0, 3) });
    const tools = { ...world.tools(), attester: world.attester(undefined, undefined, second) };
    const { isNew } = await confirmStep(tools, place, { hintSize: 1 });
    expect(isNew).toBe(true);
    const note = world.store.versionsOf(attestationKey(place.chain, 0, 1))[0]?.bytes as Uint8Array;
    expect(
      new TextDecoder()
        .decode(note)
        .split('\n')
        .filter((line) => line.includes(NAME)),
    ).toHaveLength(1);
  });

  it('goes on from attestations of before, which only its first key has signed', async () => {
    const world = new VerifierWorld();
    await world.grow(1);
    await world.step(1);
    const { reader } = world.attester(undefined, undefined, second);
    const { attested, foreign } = await reader.newest(PLACE, 1);
    expect([attested?.size, foreign]).toEqual([1, []]);
  });
});
