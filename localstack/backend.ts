// What must a backend of the stack do? There are two: plain processes and containers.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { KafkaVersion } from './native/kafka-install.ts';
import type { Secured } from './native/kafka-properties.ts';
import type { KafkaState, ServiceState } from './state.ts';

export type Log = (line: string) => void;

export type ToolProcess = ChildProcessWithoutNullStreams;

/** One of Kafka's command line tools. `config` is written to a properties file, which `args` may name. */
export type KafkaTool = {
  readonly name: string;
  readonly mainClass: string;
  readonly config: string;
  readonly args: (places: { readonly bootstrap: string; readonly config: string }) => readonly string[];
};

/** Beside each broker's own. Native only. */
export type MoreListeners = {
  /** For each broker the port of your own proxy: see RunningKafka.behindProxies. */
  readonly advertisedPorts?: readonly number[];
  /** See RunningKafka.secured. */
  readonly secured?: Secured;
};

/** It starts empty servers. Topic, bucket and keys are provisioned later, for both backends the same way. */
export type Backend = {
  readonly name: 'native' | 'docker';
  /** Each start returns when the servers answer. After a failure `end` finds what was started. */
  startKafka(
    dir: string,
    version: KafkaVersion,
    brokers: number,
    log: Log,
    more?: MoreListeners,
  ): Promise<KafkaState>;
  startS3Kms(dir: string, log: Log): Promise<ServiceState>;
  startEd25519Kms(dir: string, log: Log): Promise<ServiceState>;
  startSecondS3(dir: string, log: Log): Promise<ServiceState>;
  /** Names of the parts that run, also of those that another process started. */
  alive(dir: string): Promise<ReadonlySet<string>>;
  /** Process id on this machine, looked up now; undefined when it does not run or runs in a container. */
  pid(dir: string, name: string): number | undefined;
  signal(dir: string, name: string, signal: NodeJS.Signals): Promise<void>;
  /** SIGKILL; returns when it is gone. */
  kill(dir: string, name: string): Promise<void>;
  /** Starts a killed part on its own ports and data; returns when it serves. */
  restartBroker(dir: string, name: string, id: number, address: string): Promise<void>;
  restartSecondS3(dir: string, place: ServiceState): Promise<void>;
  /** The tool is a part of the stack and ends with it. */
  startTool(dir: string, kafka: KafkaState, tool: KafkaTool): Promise<ToolProcess>;
  /** Ends all parts, ready or half started. Returns their number when none is left. */
  end(dir: string): Promise<number>;
};
