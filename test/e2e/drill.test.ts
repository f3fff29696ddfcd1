// How soon does `ledgerstone watch` on a real S3 find what a drill does, and is the archive afterwards as it was before?
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { cli, type Ran, type RunningService, startCommand } from '../support/cli.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { describeWithStack } from '../support/stack/global.ts';

type Drilled = {
  readonly passed: boolean;
  readonly act: { readonly key: string; readonly versionId: string; readonly lockedUntil: string | null };
  readonly detected: { readonly code: string; readonly check: string; readonly seconds: number };
  readonly takenAway: boolean;
  readonly closed: boolean;
};

describeWithStack('a drill beside a running verifier', { s3: true }, (stack) => {
  const run = Date.now().toString(36);
  const times: string[] = [];
  let dir: string;
  let env: Record<string, string>;
  let s3: S3Client;
  let watching: RunningService;
  let vkey: string;
  const at = (name: string) => join(dir, name);
  const says = (text: string) => vi.waitFor(() => expect(watching.log()).toContain(text), PATIENCE_MS);

  beforeAll(async () => {
    const { bucket, endpoint, region, credentials } = stack().s3;
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-drill-'));
    env = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: region,
    };
    s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const store = (prefix: string) =>
      `{ kind: s3, bucket: ${bucket}, region: ${region}, endpoint: "${endpoint}", prefix: ${prefix}/ }`;
    await writeFile(at('events.jsonl'), '{"n":1}\n{"n":2}\n');
    await writeFile(
      at('ledgerstone.yaml'),
      `archive:
  origin: e2e.example.com/${run}
  store: ${store(`drilled-${run}`)}
  signing: { kind: local, keyFile: log.pem }
source: { kind: file, path: events.jsonl, topic: { name: orders, retention: short } }
retention: { short: { mode: COMPLIANCE, period: 1h } }
segment: { maxAge: 1s }
server: { port: 0 }
`,
    );
    const config = ['--config', at('ledgerstone.yaml')];
    const init = await cli(['init', ...config, '--vkey', at('archive.vkey')], { env });
    expect(init.code, init.stderr).toBe(0);
    const archived = await cli(['archive', ...config], { env });
    expect(archived.code, archived.stdout.toString() + archived.stderr).toBe(0);
    vkey = (await readFile(at('archive.vkey'), 'utf8')).trim();
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(at('watch.pem'), pem, { mode: 0o600 });
    await writeFile(
      at('verifier.yaml'),
      `archive: { store: ${store(`drilled-${run}`)}, trusted: ["${vkey}"] }
attestations: { store: ${store(`drills-${run}`)}, retention: { mode: COMPLIANCE, period: 1h } }
cosigner: { name: watch.example.com, signing: { kind: local, keyFile: watch.pem } }
chains: { confirm: 10s }
sweep: { every: 1m }
watch: { every: 200ms }
`,
    );
    watching = startCommand(['watch', '--config', at('verifier.yaml'), '--json'], env);
    await says('"swept"');
  });

  afterAll(async () => {
    await watching?.end('SIGTERM');
    s3?.destroy();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  const versions = async (): Promise<string[]> => {
    const { bucket } = stack().s3;
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: `drilled-${run}/` }));
    return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]
      .map(({ Key, VersionId }) => `${Key} ${VersionId}`)
      .sort();
  };
  const drill = (kind: string, ...more: string[]): Promise<Ran> =>
    cli(['drill', '--config', at('verifier.yaml'), '--kind', kind, '--yes', '--json', ...more], {
      env,
      timeoutMs: 200_000,
    });
  const verify = () => {
    const { bucket, endpoint } = stack().s3;
    const name = `s3://${bucket}/drilled-${run}`;
    return cli(['verify', name, '--endpoint', endpoint, '--key', vkey, '--json'], { env });
  };
  const read = (ran: Ran, kind: string): Drilled => {
    expect(ran.code, `${ran.stderr}\n${ran.stdout}\n${watching.log()}`).toBe(0);
    const drilled = JSON.parse(ran.stdout.toString()) as Drilled;
    times.push(
      `${kind} ${drilled.detected.seconds} s (${drilled.detected.code} by ${drilled.detected.check})`,
    );
    return drilled;
  };

  it('a forged seal is found by watch, the other chains stand, and afterwards nothing is left', async () => {
    const before = await versions();
    const drilling = drill('forged-seal', '--closed-within', '60s');
    await says('"unknown-key"');
    const meanwhile = await verify();
    expect(meanwhile.code).toBe(3);
    const { chains } = JSON.parse(meanwhile.stdout.toString()) as {
      chains: { chain: string; verdict: string }[];
    };
    expect(chains.map(({ chain, verdict }) => [chain, verdict])).toEqual([
      ['ledgerstone.drill', 'unverifiable'],
      ['orders', 'verified'],
    ]);
    const drilled = read(await drilling, 'forged-seal');
    expect(drilled).toMatchObject({ passed: true, takenAway: true, closed: true });
    expect(drilled.act).toMatchObject({ versionId: expect.any(String), lockedUntil: expect.any(String) });
    expect(drilled.detected).toMatchObject({ code: 'unknown-key', check: 'confirm' });
    expect(await versions()).toEqual(before);
    expect((await verify()).code).toBe(0);
  });

  it('an object and a delete are found by the sweep, and a second version by watch', async () => {
    const before = await versions();
    const kinds = ['foreign-object', 'delete-marker', 'second-version'] as const;
    const codes = [/^foreign-object$/, /^(foreign-object|delete-marker)$/, /^extra-version$/];
    const ran = await Promise.all(kinds.map((kind) => drill(kind)));
    for (const [index, kind] of kinds.entries()) {
      const { detected, takenAway } = read(ran[index] as Ran, kind);
      expect(detected.code).toMatch(codes[index] as RegExp);
      expect(takenAway).toBe(true);
    }
    expect(await versions()).toEqual(before);
    expect((await verify()).code).toBe(0);
  });

  it('says how long it took', () => {
    console.log(`time to detect: ${times.join(', ')}`);
    expect(times).toHaveLength(4);
  });
});
