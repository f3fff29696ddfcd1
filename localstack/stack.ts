// How does a program get a running stack of Kafka, S3 with Object Lock and KMS, ready to use?
import { existsSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { LedgerstoneError } from '../src/base/error.ts';
import type { Backend, Log, MoreListeners } from './backend.ts';
import { ensureTopic } from './kafka-admin.ts';
import { withLock } from './lock.ts';
import { nativeBackend } from './native/backend.ts';
import { KAFKA_VERSION_DEFAULT, type KafkaVersion } from './native/kafka-install.ts';
import { endProcesses } from './native/process.ts';
import { dockerAnswers } from './prerequisites.ts';
import {
  ATTESTATIONS_BUCKET,
  BUCKET,
  CREDENTIALS,
  ensureBucket,
  ensureSigningKey,
  SECOND_S3_CREDENTIALS,
  TOPIC,
} from './provisioning.ts';
import { type RunningStack, runningStack } from './running.ts';
import { writeSamples } from './samples.ts';
import {
  claimDir,
  claimedFor,
  clearDir,
  isStackDir,
  readState,
  type StackState,
  stackPaths,
  writeState,
} from './state.ts';
import { orphanedStackDirs, temporaryStackDir } from './temporary.ts';

export type StackOptions = {
  /** Default: one broker of the newest version. */
  readonly kafka?: (MoreListeners & { readonly version?: KafkaVersion; readonly brokers?: number }) | false;
  /** S3 and the P-256 KMS key, one process. Default true. */
  readonly s3?: boolean;
  /** A second KMS with an Ed25519 key. Default false. */
  readonly ed25519Kms?: boolean;
  /** An S3 server with Object Lock by another maker, on disk. Default false. */
  readonly secondS3?: boolean;
  /**
   * Where it keeps its state. A stack that is ready there is used as it is; it runs until it is stopped.
   * Default: a new temporaryStackDir(), whose stack ends at the latest when another one is started or stopped
   * after our end.
   */
  readonly dir?: string;
  /** Default: containers where a Docker daemon answers, else plain processes. */
  readonly backend?: Backend['name'];
  readonly log?: Log;
};

/** Starts a stack, or joins the ready one in the same directory. After a failure nothing of it is left. */
export async function startStack(options: StackOptions = {}): Promise<RunningStack> {
  const brokers = options.kafka === false ? 1 : (options.kafka?.brokers ?? 1);
  if (![1, 2, 3].includes(brokers)) {
    throw new LedgerstoneError('usage', `a cluster has 1, 2 or 3 brokers, not ${brokers}`);
  }
  await endOrphans();
  const dir = canonical(options.dir ?? (await temporaryStackDir()));
  return withLock(stackPaths(dir).lock, async () => {
    const ready = await joinReady(dir);
    if (ready !== undefined) return ready;
    await endParts(dir); // of a start that was killed, or of a stack that lost a part
    await clearDir(dir);
    const backend = await chooseBackend(options.backend);
    await claimDir(dir, backend.name);
    try {
      const state = await startParts(dir, backend, options);
      await writeSamples(dir, state);
      await writeState(dir, state);
      return runningStack(dir, state, backend, stopStack);
    } catch (error) {
      await endParts(dir);
      await removeDir(dir);
      throw error;
    }
  });
}

async function chooseBackend(wanted: StackOptions['backend']): Promise<Backend> {
  const name = wanted ?? ((await dockerAnswers()) ? 'docker' : 'native');
  return backendNamed(name);
}

/** Loads only the chosen backend: the container library is large. */
async function backendNamed(name: Backend['name']): Promise<Backend> {
  return name === 'native' ? nativeBackend : (await import('./docker/backend.ts')).dockerBackend;
}

async function startParts(dir: string, backend: Backend, options: StackOptions): Promise<StackState> {
  const started = performance.now();
  const log = options.log ?? (() => {});
  // All settle before a failure is reported: no part may still be starting while the others are ended.
  const results = await Promise.allSettled([
    options.kafka === false ? {} : kafkaPart(dir, backend, options.kafka ?? {}, log),
    options.s3 === false ? {} : s3KmsPart(dir, backend, log),
    options.ed25519Kms === true ? ed25519Part(dir, backend, log) : {},
    options.secondS3 === true ? secondS3Part(dir, backend, log) : {},
  ]);
  const parts = results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  const startedInSeconds = Math.round((performance.now() - started) / 100) / 10;
  return Object.assign({ backend: backend.name, startedInSeconds }, ...parts) as StackState;
}

type KafkaWanted = Exclude<StackOptions['kafka'], false | undefined>;
type Part<Key extends keyof StackState> = Promise<Required<Pick<StackState, Key>>>;

async function kafkaPart(dir: string, backend: Backend, wanted: KafkaWanted, log: Log): Part<'kafka'> {
  const { version = KAFKA_VERSION_DEFAULT, brokers = 1, ...more } = wanted;
  const kafka = await backend.startKafka(dir, version, brokers, log, more);
  await ensureTopic(kafka.bootstrap, TOPIC);
  return { kafka };
}

async function s3KmsPart(dir: string, backend: Backend, log: Log): Part<'s3' | 'kms'> {
  const place = await backend.startS3Kms(dir, log);
  await ensureBucket(place.endpoint, BUCKET, CREDENTIALS);
  await ensureBucket(place.endpoint, ATTESTATIONS_BUCKET, CREDENTIALS);
  const keyId = await ensureSigningKey(place.endpoint, 'ECC_NIST_P256');
  return { s3: { ...place, bucket: BUCKET }, kms: { ...place, keyId } };
}

async function ed25519Part(dir: string, backend: Backend, log: Log): Part<'kmsEd25519'> {
  const place = await backend.startEd25519Kms(dir, log);
  const keyId = await ensureSigningKey(place.endpoint, 'ECC_NIST_EDWARDS25519');
  return { kmsEd25519: { ...place, keyId } };
}

async function secondS3Part(dir: string, backend: Backend, log: Log): Part<'secondS3'> {
  const place = await backend.startSecondS3(dir, log);
  await ensureBucket(place.endpoint, BUCKET, SECOND_S3_CREDENTIALS);
  return { secondS3: { ...place, bucket: BUCKET } };
}

/** The ready stack in this directory with all its parts alive, or undefined. */
export const readyStack = (dir: string): Promise<RunningStack | undefined> => joinReady(canonical(dir));

async function joinReady(dir: string): Promise<RunningStack | undefined> {
  const state = readState(dir);
  if (state === undefined) return undefined;
  const backend = await backendNamed(state.backend);
  const alive = await backend.alive(dir);
  const services = [state.s3, state.kmsEd25519, state.secondS3].flatMap((place) =>
    place ? [place.process] : [],
  );
  const names = [...services, ...(state.kafka?.brokers ?? []).map(({ name }) => name)];
  return names.every((name) => alive.has(name)) ? runningStack(dir, state, backend, stopStack) : undefined;
}

/**
 * Ends the stack in this directory, ready or half started, and removes the directory. Returns how many parts
 * it ended. Safe to repeat, and on a directory where there never was a stack.
 */
export async function stopStack(dir: string): Promise<number> {
  await endOrphans();
  const place = canonical(dir);
  if (!isStackDir(place)) return endProcesses(place);
  return withLock(stackPaths(place).lock, async () => {
    const ended = await endParts(place);
    await removeDir(place);
    return ended;
  });
}

/** Uses the backend that the directory was claimed for, even if the start got no further. */
async function endParts(dir: string): Promise<number> {
  const backend = claimedFor(dir);
  return backend === undefined ? endProcesses(dir) : (await backendNamed(backend)).end(dir);
}

async function removeDir(dir: string): Promise<void> {
  if (!isStackDir(dir)) return;
  await clearDir(dir);
  await rm(dir, { recursive: true, force: true });
}

/** Ends temporary stacks whose owner process is gone. */
async function endOrphans(): Promise<void> {
  for (const orphan of await orphanedStackDirs()) {
    const dir = canonical(orphan);
    await endParts(dir);
    await clearDir(dir);
    await rm(dir, { recursive: true, force: true }); // also one that was not even claimed
  }
}

/** One spelling for each directory, since processes are found by it. */
const canonical = (dir: string): string => {
  const absolute = path.resolve(dir);
  if (existsSync(absolute)) return realpathSync(absolute);
  const parent = path.dirname(absolute);
  return parent === absolute ? absolute : path.join(canonical(parent), path.basename(absolute));
};
