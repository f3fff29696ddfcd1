// How much time and memory does the bundle take as a process, to start and to answer?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bundleVerifier } from '../../src/apps/verifier/bundle.ts';
import { CONFIG_VARIABLE } from '../../src/config/verifier.ts';
import { directoryStore } from '../../src/store/directory.ts';
import { s3Store } from '../../src/store/s3.ts';
import { NOW_MS } from '../build-archive.ts';
import { configText, DIR, newOwn, type S3Location, type StoreLocation } from './setup.ts';

const BYTES_MAX = 64 * 1024 * 1024;
export const BUNDLE = join(DIR, 'index.mjs');
export const makeBundle = () => bundleVerifier(BUNDLE);

/** Loads the bundle and answers one event. Prints the time of both, and the peak of the process's memory. */
const CHILD = `
const started = performance.now();
const { handler } = await import(process.argv[1]);
const loadedMs = performance.now() - started;
const answer = await handler({ task: 'confirm' }, { getRemainingTimeInMillis: () => 900000 });
const { readFileSync } = await import('node:fs');
const peakMib = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
console.error(JSON.stringify({ loadedMs, answeredMs: performance.now() - started, peakMib, answer }));
`;
export type ChildResult = {
  loadedMs: number;
  answeredMs: number;
  peakMib: number;
  answer: { chains: { size: number }[] };
};

export async function runChild(
  archive: StoreLocation,
  env: Readonly<Record<string, string>> = {},
): Promise<ChildResult & { readonly wallMs: number }> {
  const started = performance.now();
  const args = ['--input-type=module', '-e', CHILD, BUNDLE];
  const child = spawn(process.execPath, args, {
    env: { ...env, PATH: process.env['PATH'], [CONFIG_VARIABLE]: configText(archive, newOwn()) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (part: Buffer) => (text += part));
  const [code] = (await once(child, 'close')) as [number | null];
  const wallMs = performance.now() - started;
  if (code !== 0) throw new Error(`the bundle ended with ${code}: ${text}`);
  return { ...(JSON.parse(text.trim().split('\n').at(-1) as string) as ChildResult), wallMs };
}

/** The same archive, read through the S3 client. */
export async function runOverS3(archive: string): Promise<ChildResult> {
  const { startStack } = await import('../../localstack/stack.ts');
  const stack = await startStack({ kafka: false });
  try {
    const { bucket, region, endpoint, credentials } = stack.s3;
    const place: S3Location = { kind: 's3', bucket, region, endpoint, prefix: 'bench/' };
    const to = s3Store({ ...place, credentials });
    const from = directoryStore({ path: archive });
    const lock = { mode: 'COMPLIANCE', untilMs: NOW_MS + 2 * 86_400_000 } as const;
    for await (const { key, versionId } of from.listVersions('')) {
      await to.putIfAbsent(key, await from.read(key, versionId, { maxBytes: BYTES_MAX }), lock);
    }
    await to.close();
    return await runChild(place, {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    });
  } finally {
    await stack.stop();
  }
}
