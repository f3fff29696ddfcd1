// How does a program get a running stack: Kafka, S3 with Object Lock, KMS, filled and ready?
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LedgerstoneError } from '../src/base/error.ts';
import { BUCKET, ensureBucket, ensureSigningKey, LOG_KEY_ALIAS, TOPIC } from './contents.ts';
import { ensureTopic } from './kafka-admin.ts';
import { withLock } from './lock.ts';
import { startEd25519Kms } from './native/ed25519-kms.ts';
import { isIdentityAlive, ownIdentity } from './native/identity.ts';
import { startKafka } from './native/kafka.ts';
import { KAFKA_VERSION_DEFAULT, type KafkaVersion } from './native/kafka-install.ts';
import { endProcesses, processesOf } from './native/process.ts';
import { startS3Kms } from './native/s3-kms.ts';
import { type RunningStack, runningStack } from './running.ts';
import {
  claimDir,
  isStackDir,
  readState,
  removeDir,
  type StackState,
  stackPaths,
  writeState,
} from './state.ts';

export type StackOptions = {
  /** Default: one broker of the newest version. */
  readonly kafka?: { readonly version?: KafkaVersion; readonly brokers?: number } | false;
  /** S3 and the P-256 KMS key, one process. Default true. */
  readonly s3?: boolean;
  /** A second KMS with an Ed25519 key. Default false. */
  readonly ed25519Kms?: boolean;
  /**
   * Where it keeps its state. A stack that is ready there is used as it is; it runs until it is stopped. Default: a new
   * temporaryStackDir(), whose stack ends at the latest when another one is started or stopped after our end.
   */
  readonly dir?: string;
  readonly log?: (line: string) => void;
};

const TEMPORARY = 'ledgerstone-stack.';

/** A new directory for a stack that belongs to this process; its name says so, from the first moment on. */
export const temporaryStackDir = (): Promise<string> =>
  mkdtemp(path.join(tmpdir(), `${TEMPORARY}${ownIdentity()}.`));

/** Starts a stack, or joins the one that is ready in the same directory. Either it becomes ready or nothing is left. */
export async function startStack(options: StackOptions = {}): Promise<RunningStack> {
  await endOrphans();
  const dir = canonical(options.dir ?? (await temporaryStackDir()));
  await mkdir(dir, { recursive: true });
  return withLock(stackPaths(dir).lock, async () => {
    const ready = await readyState(dir);
    if (ready !== undefined) return runningStack(dir, ready, stopStack);
    await endProcesses(dir);
    try {
      return runningStack(dir, await startParts(dir, options), stopStack);
    } catch (error) {
      await endProcesses(dir);
      await removeDir(dir);
      throw error;
    }
  });
}

async function startParts(dir: string, options: StackOptions): Promise<StackState> {
  const started = performance.now();
  const log = options.log ?? (() => {});
  await claimDir(dir);
  const results = await Promise.allSettled([
    options.kafka === false ? undefined : kafkaPart(dir, options.kafka ?? {}, log),
    options.s3 === false ? undefined : s3KmsPart(dir, log),
    options.ed25519Kms === true ? ed25519Part(dir, log) : undefined,
  ] as const);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  const state: StackState = {
    backend: 'native',
    ...Object.assign(
      {},
      ...results.map((result) => (result.status === 'fulfilled' ? result.value : undefined)),
    ),
    startedInSeconds: Math.round((performance.now() - started) / 100) / 10,
  };
  await writeState(dir, state);
  return state;
}

async function kafkaPart(
  dir: string,
  wanted: Exclude<StackOptions['kafka'], false | undefined>,
  log: (line: string) => void,
) {
  const brokers = wanted.brokers ?? 1;
  if (!(Number.isInteger(brokers) && brokers >= 1 && brokers <= 3)) {
    throw new LedgerstoneError('stack', `a cluster has 1, 2 or 3 brokers, not ${brokers}`);
  }
  const kafka = await startKafka(dir, wanted.version ?? KAFKA_VERSION_DEFAULT, brokers, log);
  await ensureTopic(kafka.bootstrap, TOPIC);
  return { kafka };
}

async function s3KmsPart(dir: string, log: (line: string) => void) {
  const place = await startS3Kms(dir, log);
  await ensureBucket(place.endpoint, BUCKET);
  const keyId = await ensureSigningKey(place.endpoint, LOG_KEY_ALIAS, 'ECC_NIST_P256');
  return { s3: { ...place, bucket: BUCKET }, kms: { ...place, keyId } };
}

async function ed25519Part(dir: string, log: (line: string) => void) {
  const place = await startEd25519Kms(dir, log);
  return {
    kmsEd25519: {
      ...place,
      keyId: await ensureSigningKey(place.endpoint, LOG_KEY_ALIAS, 'ECC_NIST_EDWARDS25519'),
    },
  };
}

/** The stack that is ready in this directory, with all its processes alive; undefined when there is none. */
export async function readyStack(dir: string): Promise<RunningStack | undefined> {
  const state = await readyState(canonical(dir));
  return state && runningStack(canonical(dir), state, stopStack);
}

async function readyState(dir: string): Promise<StackState | undefined> {
  const state = readState(dir);
  if (state === undefined) return undefined;
  const alive = new Set(processesOf(dir).map(({ name }) => name));
  const wanted = [...(state.kafka?.brokers ?? []).map(({ name }) => name)];
  for (const part of [state.s3, state.kmsEd25519, state.s3Second])
    if (part !== undefined) wanted.push(part.process);
  return wanted.every((name) => alive.has(name)) ? state : undefined;
}

/**
 * Ends the stack in this directory, ready or half started, and removes the directory. Returns how many processes it
 * ended. Safe to repeat, and on a directory where never was a stack.
 */
export async function stopStack(dir: string): Promise<number> {
  await endOrphans();
  const place = canonical(dir);
  if (!isStackDir(place)) return endProcesses(place);
  return withLock(stackPaths(place).lock, async () => {
    const ended = await endProcesses(place);
    await removeDir(place);
    return ended;
  });
}

/** Temporary stacks whose owner is gone, however it ended. */
async function endOrphans(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    const owner = entry.startsWith(TEMPORARY) ? entry.split('.')[1] : undefined;
    if (owner === undefined || isIdentityAlive(owner)) continue;
    const dir = canonical(path.join(tmpdir(), entry));
    await endProcesses(dir);
    await rm(dir, { recursive: true, force: true });
  }
}

/** One spelling per directory: processes are found by it. */
const canonical = (dir: string): string => {
  const absolute = path.resolve(dir);
  if (existsSync(absolute)) return realpathSync(absolute);
  const parent = path.dirname(absolute);
  return parent === absolute ? absolute : path.join(canonical(parent), path.basename(absolute));
};
