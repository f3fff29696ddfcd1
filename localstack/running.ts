// What can a program do with a running stack, whoever started it?
import { LedgerstoneError } from '../src/base/error.ts';
import { CREDENTIALS, type Credentials, REGION } from './contents.ts';
import { restartBroker } from './native/kafka.ts';
import { endProcesses, processesOf, signalIfAlive } from './native/process.ts';
import type { KafkaPlace, ServicePlace, StackState } from './state.ts';

/** A server process. `signal` with SIGSTOP and SIGCONT makes it hang and go on. */
export type Controllable = {
  /** Looked up now: it changes with a restart. Undefined when it does not run. */
  readonly pid: number | undefined;
  signal(signal: NodeJS.Signals): void;
};

export type RunningBroker = Controllable & {
  readonly id: number;
  /** "127.0.0.1:port"; the same after a restart. */
  readonly address: string;
  /** SIGKILL; returns when the process is gone. For an orderly end, use signal('SIGTERM'). */
  kill(): Promise<void>;
  /** Starts it on its own data and port, after killing it if it still runs; returns when it serves. */
  restart(): Promise<void>;
};

export type RunningKafka = {
  readonly version: string;
  readonly bootstrap: readonly string[];
  readonly brokers: readonly RunningBroker[];
};

type Service = Controllable & {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
};
/** `bucket`: has Object Lock and a COMPLIANCE default. Any key prefix is free to use; other buckets are yours to make. */
export type RunningS3 = Service & { readonly bucket: string };
/** `keyId`: the ARN of a SIGN_VERIFY key. */
export type RunningKms = Service & { readonly keyId: string };

/** Parts that were not asked for throw when touched: a test then says what it forgot instead of reading undefined. */
export type RunningStack = {
  readonly dir: string;
  readonly state: StackState;
  readonly kafka: RunningKafka;
  readonly s3: RunningS3;
  readonly kms: RunningKms;
  readonly kmsEd25519: RunningKms;
  stop(): Promise<void>;
};

export function runningStack(
  dir: string,
  state: StackState,
  stop: (dir: string) => Promise<unknown>,
): RunningStack {
  return {
    dir,
    state,
    get kafka() {
      return runningKafka(dir, wanted(state.kafka, 'kafka'));
    },
    get s3() {
      const place = wanted(state.s3, 's3');
      return service(dir, place, { bucket: place.bucket });
    },
    get kms() {
      const place = wanted(state.kms, 's3');
      return service(dir, place, { keyId: place.keyId });
    },
    get kmsEd25519() {
      const place = wanted(state.kmsEd25519, 'ed25519Kms');
      return service(dir, place, { keyId: place.keyId });
    },
    stop: async () => {
      await stop(dir);
    },
  };
}

function wanted<T>(part: T | undefined, option: string): T {
  if (part === undefined) {
    throw new LedgerstoneError('stack', `this stack was started without ${option}`, {
      remedy: `Ask for it: startStack({ ${option}: … }).`,
    });
  }
  return part;
}

const runningKafka = (dir: string, place: KafkaPlace): RunningKafka => ({
  version: place.version,
  bootstrap: place.bootstrap,
  brokers: place.brokers.map(({ id, name }, index) => ({
    ...controllable(dir, name, {
      id,
      address: place.bootstrap[index] as string,
      kill: async () => {
        await endProcesses(dir, name);
      },
      restart: async () => {
        await endProcesses(dir, name);
        await restartBroker(dir, place, id);
      },
    }),
  })),
});

const service = <T extends object>(dir: string, { endpoint, process }: ServicePlace, rest: T): Service & T =>
  controllable(dir, process, { endpoint, region: REGION, credentials: CREDENTIALS, ...rest });

/** Adds what every server process has. `pid` is a getter: it changes with a restart. */
const controllable = <T extends object>(dir: string, name: string, rest: T): Controllable & T =>
  Object.defineProperty(
    {
      ...rest,
      pid: undefined,
      signal: (signal: NodeJS.Signals) => {
        for (const { pid } of named(dir, name)) signalIfAlive(pid, signal);
      },
    },
    'pid',
    { enumerable: true, get: () => named(dir, name)[0]?.pid },
  );

const named = (dir: string, name: string) => processesOf(dir).filter((process) => process.name === name);
