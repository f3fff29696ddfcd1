// Do independent implementations of C2SP (Go's own note and tlog, transparency-dev's formats) accept what we write?
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { attestationKey } from '../../src/format/attestation.ts';
import { encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { encodeVkey, type VerifierKey, verifierKey } from '../../src/format/vkey.ts';
import { Attester } from '../../src/verifier/attest/attester.ts';
import { confirmStep } from '../../src/verifier/seal-path.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { ArchiveBuilder, entries, NOW_MS, signer, YEAR_MS } from '../support/archive-builder.ts';
import { memoryMlDsaSigner, memorySigner } from '../support/memory-signer.ts';
import { memoryStore } from '../support/memory-store.ts';
import { NAME, PLACE, STILL } from '../support/verifier-world.ts';

const GO = ['go', '/usr/local/go/bin/go'].find((name) => spawnSync(name, ['version']).status === 0);
const isWanted = process.env['LEDGERSTONE_NO_GO'] === undefined && GO !== undefined;
const SOURCE = join(import.meta.dirname, 'go');
const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-go-'));
const binary = join(directory, 'check');

/** Two chains of three segments, and an attestation of the newest. */
async function written(
  log: 'ed25519' | 'ecdsa-p256',
  cosigner: 'ed25519' | 'ecdsa-p256',
  postQuantum?: ReturnType<typeof memoryMlDsaSigner>,
) {
  const builder = new ArchiveBuilder({ signers: [signer('log key', log)] });
  const chain = builder.chain();
  const segments = await Promise.resolve().then(async () => {
    const made = [];
    for (let i = 0; i < 3; i++) made.push(await chain.seal({ lines: entries(i * 4, 4) }));
    return made;
  });
  const store = memoryStore({ clock: STILL });
  const attester = new Attester({
    store,
    name: NAME,
    signer: memorySigner({ seed: 'verifier', algorithm: cosigner }),
    postQuantum,
    retention: { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } },
    sha256: nodeSha256,
    clock: STILL,
  });
  const result = await confirmStep(
    {
      archive: builder.archive,
      trusted: builder.trusted,
      attester,
      sha256: nodeSha256,
      checker: portableChecker(nodeContentTools),
      clock: STILL,
    },
    PLACE,
    { hintSize: 3 },
  );
  if (!result.isNew) throw new Error(`not attested: ${result.verdict}`);
  const attestation = store.versionsOf(attestationKey(PLACE.chain, PLACE.partition, 3))[0]?.bytes;
  const key = verifierKey(
    chain.origin,
    (builder.signers[0] as { publicKey: VerifierKey['key'] }).publicKey,
    nodeSha256,
  );
  const logKey = `${log === 'ed25519' ? 'log' : 'ecdsa'}:${encodeVkey(key)}`;
  const cosignerKey = `${cosigner === 'ed25519' ? 'cosigner' : 'ecdsa'}:${encodeCosignerVkey(attester.key)}`;
  return {
    builder,
    segments,
    attestation: attestation as Uint8Array,
    logKey,
    cosignerKey,
    mlDsaKey: attester.postQuantumKey && `mldsa:${encodeCosignerVkey(attester.postQuantumKey)}`,
    origin: chain.origin,
  };
}

function check(...args: readonly (string | Uint8Array)[]): { ok: boolean; out: string } {
  const words = args.map((arg, index) => {
    if (typeof arg === 'string') return arg;
    const file = join(directory, `arg-${index}`);
    writeFileSync(file, arg);
    return file;
  });
  const { status, stdout, stderr } = spawnSync(binary, words, { encoding: 'utf8' });
  return { ok: status === 0, out: `${stdout}${stderr}` };
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
};

describe.runIf(isWanted)('Go', () => {
  beforeAll(() => {
    execFileSync(GO as string, ['build', '-o', binary, '.'], {
      cwd: SOURCE,
      env: {
        ...process.env,
        CGO_ENABLED: '0',
        GOTOOLCHAIN: 'auto',
        GOFLAGS: '-mod=readonly -buildvcs=false',
      },
      stdio: 'pipe',
      timeout: 240_000,
    });
    expect(existsSync(binary)).toBe(true);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each([
    ['ed25519', 'ed25519'],
    ['ecdsa-p256', 'ed25519'],
    ['ed25519', 'ecdsa-p256'],
    ['ecdsa-p256', 'ecdsa-p256'],
  ] as const)('opens the attestation of a log by %s, cosigned by %s', async (log, cosigner) => {
    const { attestation, logKey, cosignerKey, origin } = await written(log, cosigner);
    const { ok, out } = check('note', attestation, logKey, cosignerKey);
    expect(out).toContain(`${origin} 3 2`);
    if (cosigner === 'ed25519') expect(out).toContain(`cosigned at ${Math.floor(NOW_MS / 1000)}`);
    expect(ok).toBe(true);
  });

  it('opens an attestation with the ML-DSA-44 line beside the Ed25519 one, and by it alone', async () => {
    const { attestation, logKey, cosignerKey, mlDsaKey, origin } = await written(
      ...(['ed25519', 'ed25519', memoryMlDsaSigner('verifier')] as const),
    );
    const both = check('note', attestation, logKey, cosignerKey, String(mlDsaKey));
    expect(both.out).toContain(`${origin} 3 3`);
    const time = `cosigned at ${Math.floor(NOW_MS / 1000)}`;
    expect(both.out.split('\n').filter((line) => line === time)).toHaveLength(2);
    expect(both.ok).toBe(true);
    expect(check('note', attestation, logKey, String(mlDsaKey)).ok).toBe(true);
    const text = Buffer.from(attestation).toString();
    const signatureAt = Buffer.byteLength(text.slice(0, text.lastIndexOf(' ') + 1));
    for (const at of [1, text.indexOf('\n') + 1, signatureAt + 12, attestation.length - 20])
      expect(check('note', flipped(attestation, at), logKey, String(mlDsaKey)).ok, `bit at ${at}`).toBe(
        false,
      );
  });

  it('refuses an attestation with a changed bit in its text, its signature, or its time', async () => {
    const { attestation, logKey, cosignerKey } = await written('ed25519', 'ed25519');
    const text = Buffer.from(attestation).toString();
    const signatureAt = Buffer.byteLength(text.slice(0, text.lastIndexOf(' ') + 1));
    for (const at of [1, text.indexOf('\n') + 1, signatureAt + 12, attestation.length - 20]) {
      expect(check('note', flipped(attestation, at), logKey, cosignerKey).ok, `bit at ${at}`).toBe(false);
    }
  });

  it('refuses an attestation by another verifier', async () => {
    const { attestation, logKey } = await written('ed25519', 'ed25519');
    const other = await written('ed25519', 'ecdsa-p256');
    expect(check('note', attestation, logKey, other.cosignerKey).ok).toBe(false);
  });

  it.each(['ed25519', 'ecdsa-p256'] as const)(
    'proves every segment of a log by %s from its seal',
    async (log) => {
      const { builder, segments, logKey, origin } = await written(log, 'ed25519');
      for (const [index, { sealKey, manifestBytes }] of segments.entries()) {
        const { ok, out } = check(
          'seal',
          builder.archive.bytesOf(sealKey) as Uint8Array,
          manifestBytes,
          logKey,
        );
        expect(out).toContain(`${origin} ${index + 1} 1`);
        expect(ok).toBe(true);
      }
      const { sealKey } = segments[1] as (typeof segments)[number];
      const { manifestBytes } = segments[2] as (typeof segments)[number];
      expect(check('seal', builder.archive.bytesOf(sealKey) as Uint8Array, manifestBytes, logKey).ok).toBe(
        false,
      );
    },
  );
});
