// Does the bundle run as a Lambda does: one file, plain Node, the Runtime API around it?
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE_BYTES_MAX, bundleVerifier } from '../../src/apps/verifier/bundle.ts';
import { CONFIG_VARIABLE } from '../../src/config/verifier.ts';
import { parseSignedCheckpoint } from '../../src/format/note.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, type ChainBuilder, entries, writeCopy } from '../support/archive-builder.ts';
import { type Answer, type RuntimeApi, startRuntimeApi } from '../support/runtime-api.ts';
import { s3Event, sqsRecord } from '../support/verifier-store.ts';

/** AWS's own client, where somebody has installed it: it compiles libcurl, which not every machine can. */
function interfaceClient(): string | null {
  const named = process.env['LEDGERSTONE_LAMBDA_RIC'];
  if (named !== undefined && named !== '') return join(named, 'index.mjs');
  try {
    const file = createRequire(import.meta.url).resolve('aws-lambda-ric');
    return existsSync(join(dirname(file), 'rapid-client.node')) ? file : null;
  } catch {
    return null;
  }
}

const RIC = interfaceClient();
const CLIENT = join(import.meta.dirname, '../support/runtime-client.mjs');
if (RIC === null) {
  console.warn(
    "SKIPPED: AWS's runtime interface client is not here (LEDGERSTONE_LAMBDA_RIC names its directory)",
  );
}
const RUNTIMES = [
  {
    name: 'a loop over the Runtime API',
    args: (root: string) => [CLIENT, join(root, 'index.mjs'), 'handler'],
  },
  ...(RIC === null ? [] : [{ name: "AWS's runtime interface client", args: () => [RIC, 'index.handler'] }]),
];

let dir: string;
let bundle: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ledgerstone-lambda-'));
  bundle = join(dir, 'task');
  await bundleVerifier(join(bundle, 'index.mjs'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('the bundle', () => {
  it('is one file of less than 3 MB', async () => {
    expect(await readdir(bundle)).toEqual(['index.mjs']);
    const { size } = await stat(join(bundle, 'index.mjs'));
    expect(size).toBeGreaterThan(100_000);
    expect(size).toBeLessThan(BUNDLE_BYTES_MAX);
  });
});

describe.each(RUNTIMES)('under $name', ({ name, args }) => {
  const builder = new ArchiveBuilder();
  const chain: ChainBuilder = builder.chain();
  let api: RuntimeApi;
  let child: ChildProcess;
  let output = '';
  let own: string;
  let archive: string;
  const invoke = (event: unknown, timeoutMs = 300_000): Promise<Answer> => {
    const died = once(child, 'close').then((): never => {
      throw new Error(`the runtime ended: ${output}`);
    });
    // Only of interest while somebody waits.
    died.catch(() => {});
    return Promise.race([api.invoke({ event, timeoutMs }), died]);
  };
  const grow = async (segments: number): Promise<void> => {
    for (let i = 0; i < segments; i++) await chain.seal({ lines: entries(chain.nextOffset, 50) });
    writeCopy(builder.archive, archive);
  };

  const start = (config: string | undefined): ChildProcess => {
    const process_ = spawn(process.execPath, args(bundle), {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...{ PATH: process.env['PATH'], AWS_LAMBDA_RUNTIME_API: api.address, LAMBDA_TASK_ROOT: bundle },
        ...{
          _HANDLER: 'index.handler',
          AWS_LAMBDA_FUNCTION_NAME: 'verifier',
          AWS_LAMBDA_FUNCTION_VERSION: '1',
        },
        ...{
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
          AWS_LAMBDA_LOG_GROUP_NAME: 'g',
          AWS_LAMBDA_LOG_STREAM_NAME: 's',
        },
        ...(config === undefined ? {} : { [CONFIG_VARIABLE]: config }),
      },
    });
    for (const stream of [process_.stdout, process_.stderr])
      stream.on('data', (part: Buffer) => (output += part));
    return process_;
  };
  const end = async (process_: ChildProcess): Promise<void> => {
    if (process_.exitCode !== null || process_.signalCode !== null) return;
    process_.kill('SIGKILL');
    await once(process_, 'close');
  };

  beforeAll(async () => {
    const place = join(dir, name.replace(/\W+/g, '-'));
    [archive, own] = [join(place, 'archive'), join(place, 'own')];
    await Promise.all([archive, own].map((path) => mkdir(path, { recursive: true })));
    const { generateKeyPairSync } = await import('node:crypto');
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(join(place, 'verifier.pem'), pem, { mode: 0o600 });
    await grow(3);
    api = await startRuntimeApi();
    child = start(
      JSON.stringify({
        archive: { store: { kind: 'directory', path: archive }, trusted: builder.trusted.map(encodeVkey) },
        attestations: {
          store: { kind: 'directory', path: own },
          retention: { mode: 'COMPLIANCE', period: '1y' },
        },
        cosigner: {
          name: 'verifier.example.com/lambda',
          signing: { kind: 'local', keyFile: join(place, 'verifier.pem') },
        },
      }),
    );
  });
  afterAll(async () => {
    await end(child);
    await api.close();
  });

  const attestations = async (): Promise<string[]> =>
    (await readdir(join(own, 'attestations/topic=orders/partition=0'))).sort();

  it('a schedule confirms and attests', async () => {
    const answer = await invoke({ task: 'confirm' });
    expect(answer, output).toMatchObject({ kind: 'response', body: { failures: [] } });
    expect(answer).toMatchObject({ body: { chains: [{ verdict: 'verified', size: 3, isNew: true }] } });
    expect(await attestations()).toEqual(['000000000003.note']);
    const { readFile } = await import('node:fs/promises');
    const note = await readFile(join(own, 'attestations/topic=orders/partition=0/000000000003.note'));
    const { signatures } = parseSignedCheckpoint(new Uint8Array(note));
    expect(signatures.map((line) => line.name)).toEqual([chain.origin, 'verifier.example.com/lambda']);
  });

  it('a queue is answered with the messages that come back', async () => {
    // No bucket, so no event of S3 is this archive's: named, and acknowledged.
    const Records = [
      sqsRecord('foreign', s3Event('seals/topic=orders/partition=0/000000000000.tlog-proof')),
      sqsRecord('task', { task: 'confirm', chains: ['orders/0'] }),
      sqsRecord('unknown', { task: 'configuration' }),
      sqsRecord('malformed', 'x'),
    ];
    await grow(2);
    const answer = await invoke({ Records });
    expect(answer).toEqual({
      kind: 'response',
      body: { batchItemFailures: [{ itemIdentifier: 'unknown' }] },
    });
    expect(await attestations()).toEqual(['000000000003.note', '000000000005.note']);
  });

  it('what is wrong is an error of the invocation, and the next one is served', async () => {
    expect(await invoke({ task: 'configuration' })).toMatchObject({ kind: 'error' });
    expect(await invoke(null)).toEqual({ kind: 'response', body: { chains: [], failures: [] } });
    expect(output).toContain('"level":"error"');
  });

  it('an invocation with too little time attests nothing more', async () => {
    await grow(1);
    expect(await invoke({ task: 'confirm' }, 8_000)).toMatchObject({ kind: 'error' });
    expect(await attestations()).toHaveLength(2);
    expect(await invoke({ task: 'confirm' })).toMatchObject({ body: { chains: [{ size: 6 }] } });
  });

  it('without a configuration every call says what is missing, and nothing crashes', async () => {
    await end(child);
    child = start(undefined);
    for (let i = 0; i < 2; i++) {
      const answer = await invoke({ task: 'confirm' });
      expect(answer).toMatchObject({ kind: 'error' });
      expect(JSON.stringify(answer)).toContain(`the environment variable ${CONFIG_VARIABLE} is not set`);
    }
  });
});
