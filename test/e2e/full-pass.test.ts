// Does a full pass by many workers work on a real S3 with Object Lock and a real KMS? The bundle runs as a Lambda does, and
// the state machine of the synthesised template is followed. A worker is killed on the way.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleVerifier } from '../../src/apps/verifier/bundle.ts';
import { CONFIG_VARIABLE } from '../../src/config/verifier.ts';
import type { Asked } from '../infra/fanned-world.ts';
import { only } from '../infra/synthesised.ts';
import { APART, bothStacks } from '../infra/two-parties.ts';
import { cli } from '../support/cli.ts';
import { noteContent } from '../support/note-signing.ts';
import { type RuntimeApi, startRuntimeApi } from '../support/runtime-api.ts';
import { describeWithStack } from '../support/stack/global.ts';
import { type Execution, execute, type Machine } from '../support/states-language.ts';

const CLIENT = join(import.meta.dirname, '../support/runtime-client.mjs');
const EVENTS = 60;
const STARTED = '2026-11-30T10:00:00.000Z';

describeWithStack('a full pass by many workers', { s3: true }, (stack) => {
  const run = Date.now().toString(36);
  let dir: string;
  let s3: S3Client;
  let api: RuntimeApi;
  let child: ChildProcess;
  let env: Record<string, string>;
  let machine: Machine;
  let output = '';
  const at = (name: string) => join(dir, name);
  const workPrefix = `passes-${run}/`;
  const config = ['--config', ''];

  const keys = async (prefix: string): Promise<string[]> => {
    const { Versions = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: stack().s3.bucket, Prefix: prefix }),
    );
    return Versions.map(({ Key = '' }) => Key);
  };
  const read = async (Key: string): Promise<Uint8Array> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: stack().s3.bucket, Key }));
    return new Uint8Array((await Body?.transformToByteArray()) ?? []);
  };

  const start = (): ChildProcess => {
    const process_ = spawn(process.execPath, [CLIENT, at('task/index.mjs'), 'handler'], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
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

  /** One process does one call at a time. `before`: may end the process, as Lambda does with one that is out of memory. */
  let turn: Promise<unknown> = Promise.resolve();
  const follow = (
    name: string,
    before: (payload: Asked) => Promise<void> = async () => {},
  ): Promise<Execution> =>
    execute(machine, {
      ...{ name, startedAt: STARTED },
      invoke: (_, payload) => {
        const mine = turn.then(async () => {
          await before(payload as Asked);
          const answer = await api.invoke({ event: payload, timeoutMs: 120_000 });
          if (answer.kind === 'response') return answer.body;
          throw Object.assign(new Error(JSON.stringify(answer)), { name: 'LedgerstoneError' });
        });
        turn = mine.catch(() => {});
        return mine;
      },
      getObject: (bucket, key) => {
        expect(bucket).toBe('ledgerstone-full-pass-444455556666');
        return read(`${workPrefix}${key}`);
      },
    });

  beforeAll(async () => {
    const { s3: server, kms } = stack();
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-full-pass-'));
    const { endpoint, region, credentials, bucket } = server;
    s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const stackText = APART.replace('logKey:', 'fanOut: { concurrency: 3 }\n  logKey:');
    const { DefinitionString } = only(
      bothStacks(stackText).verifier,
      'AWS::StepFunctions::StateMachine',
    ).Properties;
    machine = JSON.parse(String(DefinitionString)) as Machine;
    await bundleVerifier(at('task/index.mjs'));
    const store = (prefix: string) => ({ kind: 's3', bucket, region, endpoint, prefix: `${prefix}/` });
    await writeFile(at('events.jsonl'), Array.from({ length: EVENTS }, (_, n) => `{"n":${n}}\n`).join(''));
    config[1] = at('ledgerstone.yaml');
    await writeFile(
      at('ledgerstone.yaml'),
      `archive:
  origin: e2e.example.com/${run}
  store: ${JSON.stringify(store(`passed-${run}`))}
  signing: { kind: local, keyFile: log.pem }
source: { kind: file, path: events.jsonl, topic: { name: orders, retention: short } }
retention: { short: { mode: COMPLIANCE, period: 1h } }
segment: { maxRecords: 5, maxAge: 1h }
server: { port: 0 }
`,
    );
    const given = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: region,
    };
    const init = await cli(['init', ...config, '--vkey', at('archive.vkey')], { env: given });
    expect(init.code, init.stderr).toBe(0);
    const archived = await cli(['archive', ...config], { env: given });
    expect(archived.code, archived.stdout.toString() + archived.stderr).toBe(0);
    api = await startRuntimeApi();
    env = {
      ...{ ...given, PATH: String(process.env['PATH']), AWS_LAMBDA_RUNTIME_API: api.address },
      [CONFIG_VARIABLE]: JSON.stringify({
        archive: {
          store: store(`passed-${run}`),
          trusted: [(await readFile(at('archive.vkey'), 'utf8')).trim()],
        },
        attestations: { store: store(`attested-${run}`), retention: { mode: 'COMPLIANCE', period: '1h' } },
        cosigner: {
          name: 'verifier.example.com/passes',
          signing: { kind: 'kms', keyId: kms.keyId, region: kms.region, endpoint: kms.endpoint },
        },
        fanOut: { store: store(workPrefix.slice(0, -1)), kept: '1h', rangeSegments: 3 },
      }),
    };
    child = start();
  });
  afterAll(async () => {
    if (child !== undefined) await end(child);
    await api?.close();
    s3?.destroy();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  it('ends with a signed and locked report on every event, although a worker is killed', async () => {
    let ranges = 0;
    const ended = await follow('killed', async ({ fanOut }) => {
      if (fanOut !== 'range' || ++ranges !== 3) return;
      await end(child);
      child = start();
    });
    expect(ended, output).toMatchObject({ status: 'SUCCEEDED', output: { verdict: 'verified' } });
    const seals = (await keys(`passed-${run}/seals/`)).length;
    expect(seals).toBeGreaterThanOrEqual(EVENTS / 5);
    expect(await keys(`${workPrefix}runs/killed/ranges/`)).toHaveLength(Math.ceil(seals / 3));
    const [key = '', ...others] = await keys(`attested-${run}/passes/full/`);
    expect(others).toEqual([]);
    expect(JSON.parse(new TextDecoder().decode(noteContent(await read(key))))).toMatchObject({
      verdict: 'verified',
      coverage: { ranges: Math.ceil(seals / 3), seals, lines: EVENTS },
    });
  });

  it('goes on where a pass was stopped, and takes what was archived since', async () => {
    const stopped = await follow('stopped', async ({ fanOut, item }) => {
      if (fanOut === 'range' && item !== undefined && item.index > 1)
        throw Object.assign(new Error('the account has no such call left'), { name: 'Stopped' });
    });
    expect(stopped).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
    expect(await keys(`${workPrefix}runs/stopped/ranges/`)).toHaveLength(2);
    await writeFile(at('events.jsonl'), '{"n":"more"}\n', { flag: 'a' });
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION = '' } = env;
    const more = await cli(['archive', ...config], {
      env: { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION },
    });
    expect(more.code, more.stderr).toBe(0);
    const redriven = await follow('stopped');
    expect(redriven, output).toMatchObject({
      status: 'SUCCEEDED',
      output: { verdict: 'verified', coverage: { lines: EVENTS + 1 } },
    });
  });
});
