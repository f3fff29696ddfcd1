// What can a program do with a running stack, even one that another process started?
import { LedgerstoneError } from '../src/base/error.ts';
import type { Backend, KafkaTool, ToolProcess } from './backend.ts';
import { CREDENTIALS, type Credentials, REGION, SECOND_S3_CREDENTIALS } from './provisioning.ts';
import type { KafkaState, ServiceState, StackState } from './state.ts';

/** One server. */
type RunningPart = {
  /**
   * Looked up at each access: it changes with a restart. Undefined if it does not run, or runs in a
   * container.
   */
  readonly pid: number | undefined;
  /** SIGSTOP makes it hang with open connections. SIGCONT lets it go on. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** SIGKILL. Returns when the process is gone. What it had only in memory is lost. */
  kill(): Promise<void>;
};

/** Kills it if it still runs, and starts it on its own data and port. Returns when it serves. */
type Restartable = { restart(): Promise<void> };

export type RunningBroker = RunningPart & Restartable & { readonly id: number; readonly address: string };

type RunningKafka = {
  readonly version: string;
  readonly bootstrap: readonly string[];
  readonly brokers: readonly RunningBroker[];
  /** The address behind each proxy that `advertisedPorts` announced, in the order of the brokers. */
  readonly behindProxies: readonly string[];
  /** The addresses with TLS and a login, if `secured` asked for some. */
  readonly secured: readonly string[];
  /** Starts one of Kafka's command line tools. kafka-tools.ts has those that tests need. */
  startTool(tool: KafkaTool): Promise<ToolProcess>;
};

type Service = RunningPart & {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
};
/** `bucket` has Object Lock and a COMPLIANCE default of a day. */
type RunningS3 = Service & { readonly bucket: string };
/** `keyId`: the ARN of a SIGN_VERIFY key. */
export type RunningKms = Service & { readonly keyId: string };

/** A part that was not asked for throws when it is used, so that a test says what it forgot. */
export type RunningStack = {
  readonly dir: string;
  readonly state: StackState;
  readonly kafka: RunningKafka;
  /** In memory: a kill loses everything. For an outage without loss use signal('SIGSTOP'), or `secondS3`. */
  readonly s3: RunningS3;
  /** P-256. The same process as `s3`. */
  readonly kms: RunningKms;
  readonly kmsEd25519: RunningKms;
  /** Refuses wrong credentials, and keeps all objects over a kill and restart. */
  readonly secondS3: RunningS3 & Restartable;
  /** Ends every process and removes the directory. */
  stop(): Promise<void>;
};

export function runningStack(
  dir: string,
  state: StackState,
  backend: Backend,
  stop: (dir: string) => Promise<unknown>,
): RunningStack {
  const service = <T extends object>(place: ServiceState, credentials: Credentials, rest: T): Service & T =>
    part(dir, backend, place.process, { endpoint: place.endpoint, region: REGION, credentials, ...rest });
  return {
    dir,
    state,
    get kafka() {
      return runningKafka(dir, backend, wanted(state.kafka, 'kafka'));
    },
    get s3() {
      const place = wanted(state.s3, 's3');
      return service(place, CREDENTIALS, { bucket: place.bucket });
    },
    get kms() {
      const place = wanted(state.kms, 's3');
      return service(place, CREDENTIALS, { keyId: place.keyId });
    },
    get kmsEd25519() {
      const place = wanted(state.kmsEd25519, 'ed25519Kms');
      return service(place, CREDENTIALS, { keyId: place.keyId });
    },
    get secondS3() {
      const place = wanted(state.secondS3, 'secondS3');
      const restart = async () => {
        await backend.kill(dir, place.process);
        await backend.restartSecondS3(dir, place);
      };
      return service(place, SECOND_S3_CREDENTIALS, { bucket: place.bucket, restart });
    },
    stop: async () => {
      await stop(dir);
    },
  };
}

function wanted<T>(place: T | undefined, option: string): T {
  if (place !== undefined) return place;
  throw new LedgerstoneError('stack', `this stack was started without ${option}`, {
    remedy: `Ask for it: startStack({ ${option}: … }).`,
  });
}

const runningKafka = (dir: string, backend: Backend, place: KafkaState): RunningKafka => ({
  version: place.version,
  bootstrap: place.bootstrap,
  behindProxies: place.behindProxies,
  secured: place.secured,
  startTool: (tool) => backend.startTool(dir, place, tool),
  brokers: place.brokers.map(({ id, name }, index) => {
    const address = place.bootstrap[index] as string;
    const restart = async () => {
      await backend.kill(dir, name);
      await backend.restartBroker(dir, name, id, address);
    };
    return part(dir, backend, name, { id, address, restart });
  }),
});

function part<T extends object>(dir: string, backend: Backend, name: string, rest: T): RunningPart & T {
  const server: RunningPart = {
    get pid() {
      return backend.pid(dir, name);
    },
    signal: (signal) => backend.signal(dir, name, signal),
    kill: () => backend.kill(dir, name),
  };
  return Object.assign(server, rest); // into the object with the getter: a spread would freeze the pid
}
