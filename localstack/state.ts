// What does a stack write into its directory?
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LedgerstoneError } from '../src/base/error.ts';

type BrokerRef = { readonly id: number; readonly name: string };

export type KafkaState = {
  readonly version: string;
  readonly bootstrap: readonly string[];
  readonly brokers: readonly BrokerRef[];
  /** Addresses of the listeners behind proxies, in the order of the brokers. Empty if none were asked for. */
  readonly behindProxies: readonly string[];
  /** Those with TLS and a login, likewise. */
  readonly secured: readonly string[];
};

/** `process`: name of the process or container that serves it. */
export type ServiceState = { readonly endpoint: string; readonly process: string };

type S3State = ServiceState & { readonly bucket: string };
type KmsState = ServiceState & { readonly keyId: string };

/**
 * Addresses and names only. Process ids are looked up when they are needed, so they can't be out of date
 * here.
 */
export type StackState = {
  readonly backend: 'native' | 'docker';
  readonly kafka?: KafkaState;
  readonly s3?: S3State;
  readonly kms?: KmsState;
  readonly kmsEd25519?: KmsState;
  readonly secondS3?: S3State;
  /** How long the start took. */
  readonly startedInSeconds: number;
};

export const stackPaths = (dir: string) => ({
  lock: path.join(dir, 'lock'),
  marker: path.join(dir, 'ledgerstone-stack'),
  state: path.join(dir, 'stack.json'),
  outsideFiles: path.join(dir, 'litter'),
  config: path.join(dir, 'ledgerstone.yaml'),
  verifier: path.join(dir, 'verifier.yaml'),
  env: path.join(dir, 'env'),
  data: path.join(dir, 'data'),
  logs: path.join(dir, 'logs'),
});

/** True when the directory was made for a stack, running or not. */
export const isStackDir = (dir: string): boolean => existsSync(stackPaths(dir).marker);

/** The state of a stack that became ready, or undefined. */
export function readState(dir: string): StackState | undefined {
  try {
    return JSON.parse(readFileSync(stackPaths(dir).state, 'utf8')) as StackState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The last step of a start: if the file is there, the stack is ready. */
export async function writeState(dir: string, state: StackState): Promise<void> {
  const { state: file } = stackPaths(dir);
  await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

/**
 * Makes the directory ours, before anything is started in it. Everything in it goes when the stack stops, so
 * a directory that holds anything else is refused.
 */
export async function claimDir(dir: string, backend: StackState['backend']): Promise<void> {
  const foreign = isStackDir(dir) ? [] : (await readdir(dir)).filter((name) => !isLock(name));
  if (foreign.length > 0) {
    throw new LedgerstoneError('stack', `${dir} is not empty (${foreign[0]}) and was not made for a stack`, {
      remedy: 'Name an empty or new directory in LEDGERSTONE_STACK_DIR: it is removed when the stack stops.',
    });
  }
  const paths = stackPaths(dir);
  await writeFile(
    paths.marker,
    `${backend}\nEverything in this directory is removed when the stack stops.\n`,
  );
  await mkdir(paths.data, { recursive: true });
  await mkdir(paths.logs, { recursive: true });
}

/** The backend whose parts may run for this directory; undefined when it was never claimed. */
export const claimedFor = (dir: string): StackState['backend'] | undefined => {
  if (!isStackDir(dir)) return undefined;
  return readFileSync(stackPaths(dir).marker, 'utf8').startsWith('docker') ? 'docker' : 'native';
};

/** Notes files outside the directory that a part will leave. Called before the part can make them. */
export const addOutsideFiles = (dir: string, files: readonly string[]): Promise<void> =>
  appendFile(stackPaths(dir).outsideFiles, files.map((file) => `${file}\n`).join(''));

/**
 * Removes everything of a stack whose processes have ended, except locks, which the caller may hold. Leaves
 * other directories alone. The state goes first and the marker last, so that an interrupted removal is
 * repeated.
 */
export async function clearDir(dir: string): Promise<void> {
  if (!isStackDir(dir)) return;
  const paths = stackPaths(dir);
  await rm(paths.state, { force: true });
  const litter = await readFile(paths.outsideFiles, 'utf8').catch(() => '');
  for (const file of litter.split('\n')) if (file !== '') await rm(file, { force: true });
  const entries = (await readdir(dir)).filter((name) => !isLock(name)).map((name) => path.join(dir, name));
  for (const entry of entries.filter((file) => file !== paths.marker)) {
    await rm(entry, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  await rm(paths.marker);
}

/** The lock file, and the files of processes that wait for it. */
const isLock = (name: string): boolean => /^lock(\.|$)/.test(name);
