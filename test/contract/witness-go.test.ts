// Does a witness that others wrote (torchwood's litewitness, in Go) cosign what the verifier shows it?
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cosignersOf } from '../../src/apps/cli/policy.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { publicKeyFromSpki } from '../../src/base/signature.ts';
import { attestationKey } from '../../src/format/attestation.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { parseSignedCheckpoint } from '../../src/format/note.ts';
import { readPolicy } from '../../src/format/tlog-policy.ts';
import { encodeVkey, verifierKey } from '../../src/format/vkey.ts';
import { Attester } from '../../src/verifier/attest/attester.ts';
import { Witnesses, type WitnessesOptions } from '../../src/verifier/witness/witnesses.ts';
import { YEAR_MS } from '../support/archive-builder.ts';
import { NAME, PLACE, STILL, VerifierWorld } from '../support/verifier-world.ts';

// Later versions need a later Go than the one that is tested with.
const TORCHWOOD = 'v0.9.0';
const WITNESS = 'witness.example.com/lite';
const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-witness-'));
const at = (name: string) => join(directory, name);
const GO = ['go', '/usr/local/go/bin/go'].find((name) => spawnSync(name, ['version']).status === 0);
const hasAgent = ['ssh-agent', 'ssh-add', 'ssh-keygen'].every(
  (tool) => spawnSync(tool, ['-?'], { stdio: 'ignore' }).error === undefined,
);

/** False where the module can't be had: no network, or another Go. */
function isBuilt(): boolean {
  if (process.env['LEDGERSTONE_NO_GO'] !== undefined || GO === undefined || !hasAgent) return false;
  const commands = ['litewitness', 'witnessctl'].map(
    (name) => `filippo.io/torchwood/cmd/${name}@${TORCHWOOD}`,
  );
  const env = { ...process.env, CGO_ENABLED: '0', GOBIN: at('bin'), GOTOOLCHAIN: 'auto', GOFLAGS: '' };
  return spawnSync(GO, ['install', ...commands], { cwd: directory, env, timeout: 240_000 }).status === 0;
}
const built = isBuilt();

/** Throws after 20 s. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries === 200) throw new Error('it did not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.runIf(built)(`litewitness ${TORCHWOOD}`, () => {
  const processes: ChildProcess[] = [];
  let url: string;
  let vkey: string;
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });

  beforeAll(async () => {
    run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', at('key'));
    const agent = spawn('ssh-agent', ['-D', '-a', at('agent')], { stdio: 'ignore' });
    processes.push(agent);
    const env = { ...process.env, SSH_AUTH_SOCK: at('agent') };
    await until(() => spawnSync('ssh-add', [at('key')], { env, stdio: 'ignore' }).status === 0);
    const fingerprint = run('ssh-keygen', '-lf', at('key.pub')).split(' ')[1] as string;
    // The last 32 bytes of OpenSSH's encoding are the key.
    const blob = Buffer.from(run('ssh-keygen', '-yf', at('key')).split(' ')[1] as string, 'base64');
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), blob.subarray(-32)]);
    vkey = encodeCosignerVkey(cosignerKey(WITNESS, publicKeyFromSpki(new Uint8Array(spki)), nodeSha256));
    const listen = `127.0.0.1:${await freePort()}`;
    url = `http://${listen}`;
    const args = [
      '-db',
      at('db'),
      '-name',
      WITNESS,
      '-key',
      fingerprint,
      '-ssh-agent',
      at('agent'),
      '-listen',
      listen,
    ];
    processes.push(spawn(at('bin/litewitness'), args, { stdio: 'ignore' }));
    await until(() =>
      fetch(url).then(
        ({ status }) => status < 500,
        () => false,
      ),
    );
  });
  afterAll(() => {
    for (const one of processes) one.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  it('cosigns a chain as it grows, once its operator has added the log', async () => {
    const world = new VerifierWorld();
    const policy = readPolicy(`witness W ${vkey} ${url}\nquorum W\n`, nodeSha256);
    if (!('quorum' in policy)) throw new Error(policy.message);
    const whys: unknown[] = [];
    const quiet = { info: () => undefined, error: () => undefined };
    const log = {
      ...quiet,
      warn: ({ why }: { why?: unknown }) => void (why === undefined || whys.push(why)),
    };
    const started = (required: boolean) => {
      const witnesses = new Witnesses({
        ...{ archive: world.builder.archive, policy, everyMs: 60_000, required, timeoutMs: 10_000 },
        ...{ clock: STILL, log },
      } as unknown as WitnessesOptions);
      const attester = new Attester({
        ...{
          store: world.store,
          signer: world.signer,
          name: NAME,
          trusted: world.builder.trusted,
          sha256: nodeSha256,
        },
        ...{ retention: { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } }, clock: STILL },
        // Each attestation is the first of its period.
        witnesses: { ask: (asked) => witnesses.ask({ ...asked, lastMs: null }) },
      });
      return () => world.step(world.made.length, { ...world.tools(), attester });
    };
    const cosigners = async (size: number) => {
      const bytes = world.store.versionsOf(attestationKey(PLACE.chain, PLACE.partition, size))[0]?.bytes;
      const found = await cosignersOf(parseSignedCheckpoint(bytes as Uint8Array), policy.quorum);
      return found.map(({ key, timeSeconds }) => [key.name, (timeSeconds ?? 0) > 1_700_000_000]);
    };
    await world.grow(1);
    await started(false)();
    expect(whys).toEqual([expect.stringContaining('it does not know this chain')]);
    expect(await cosigners(1)).toEqual([]);

    const { origin } = world.chain;
    const [trusted] = world.builder.trusted;
    if (trusted === undefined) throw new Error('no key');
    const logKey = encodeVkey(verifierKey(origin, trusted.key, nodeSha256));
    run(at('bin/witnessctl'), 'add-log', '-db', at('db'), '-origin', origin);
    run(at('bin/witnessctl'), 'add-key', '-db', at('db'), '-origin', origin, '-key', logKey);
    for (const segments of [1, 3, 4, 2]) {
      await world.grow(segments);
      await started(true)();
      expect(await cosigners(world.made.length)).toEqual([[WITNESS, true]]);
    }
    expect(world.attestedSizes()).toEqual([1, 2, 5, 9, 11]);
  });

  it('refuses another history of a chain that it knows', async () => {
    const forked = new VerifierWorld();
    // Other segments under the same origin and key.
    await forked.chain.seal({ lines: [] });
    await forked.grow(12);
    const policy = readPolicy(`witness W ${vkey} ${url}\nquorum W\n`, nodeSha256);
    const errors: string[] = [];
    const log = {
      info: () => undefined,
      warn: () => undefined,
      error: (_: unknown, text: string) => errors.push(text),
    };
    const witnesses = new Witnesses({
      ...{ archive: forked.builder.archive, policy, everyMs: 60_000, required: true, timeoutMs: 10_000 },
      ...{ clock: STILL, log },
    } as unknown as WitnessesOptions);
    const attester = new Attester({
      ...{
        store: forked.store,
        signer: forked.signer,
        name: NAME,
        trusted: forked.builder.trusted,
        witnesses,
      },
      ...{
        retention: { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } },
        sha256: nodeSha256,
        clock: STILL,
      },
    });
    await expect(forked.step(13, { ...forked.tools(), attester })).rejects.toMatchObject({
      code: 'not-witnessed',
    });
    expect(errors).toEqual(['a witness knows another history']);
  });
});
