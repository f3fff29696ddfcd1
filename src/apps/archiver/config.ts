// What did the operator configure? One YAML file, checked completely before anything starts.

/** How one policy locks what it names. `text` is the period as written, for people (`1y` is 365 days). */
export type RetentionPolicy = {
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  readonly periodMs: number;
  readonly text: string;
};

export type S3StoreConfig = {
  readonly kind: 's3';
  readonly bucket: string;
  readonly region: string;
  /** '' or ends with '/'. */
  readonly prefix: string;
  /** For S3-compatible servers; addressing is then by path. */
  readonly endpoint?: string;
  /** 12 digits; every request then fails on a bucket of another account. */
  readonly expectedBucketOwner?: string;
};
export type DirectoryStoreConfig = { readonly kind: 'directory' /** Absolute. */; readonly path: string };
export type StoreConfig = S3StoreConfig | DirectoryStoreConfig;

export type KmsSigningConfig = {
  readonly kind: 'kms';
  /** Key ARN or key id; never an alias, which can be pointed elsewhere. */
  readonly keyId: string;
  /** The ARN's Region, else the store's, unless stated. */
  readonly region: string;
  readonly endpoint?: string;
};
export type LocalSigningConfig = {
  readonly kind: 'local' /** Absolute path of a PEM private key. */;
  readonly keyFile: string;
};
export type SigningConfig = KmsSigningConfig | LocalSigningConfig;

/** An operator's recorded handing over from an older chain of this archive that can't go on (FORMAT.md, `continues`). */
export type ContinuesConfig = {
  /** Name of the older chain, same partition. */
  readonly chain: string;
  readonly reason: string;
  readonly by: string;
  /** `next`: the older chain's next offset. Absent: `next` when the topic is the same one, else `earliest`. */
  readonly startFrom?: 'next' | 'earliest' | { readonly offset: number };
};

export type StartFrom =
  | 'earliest'
  | 'latest'
  | { /** RFC 3339. */ readonly time: string; readonly timeMs: number };

export type TopicConfig = {
  readonly name: string;
  /** The chain's name; the topic's unless stated. */
  readonly chain: string;
  /** Partitions that are archived in another chain than the topic's. */
  readonly partitions: Readonly<
    Record<number, { readonly chain: string; readonly continues?: ContinuesConfig }>
  >;
  /** Name of a policy in `retention`. */
  readonly retention: string;
  readonly startFrom: StartFrom;
  readonly continues?: ContinuesConfig;
};

export type TlsConfig = {
  /** Absolute paths of PEM files. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
};

export type SaslConfig =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'aws-msk-iam'; readonly region: string };

export type KafkaSourceConfig = {
  readonly kind: 'kafka';
  /** Each `host:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly groupId: string;
  readonly tls: false | TlsConfig;
  readonly sasl?: SaslConfig;
  readonly topics: readonly TopicConfig[];
};
/** One line is one record; `-` reads standard input. In the file it is written `topic: { name, retention }`. */
export type FileSourceConfig = {
  readonly kind: 'file';
  /** Absolute, or '-'. */
  readonly path: string;
  /** Exactly one; `startFrom` is always 'earliest' and the partition 0. */
  readonly topics: readonly [TopicConfig];
};
export type SourceConfig = KafkaSourceConfig | FileSourceConfig;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export type Config = {
  readonly production: boolean;
  readonly archive: {
    readonly origin: string;
    readonly store: StoreConfig;
    readonly signing: SigningConfig;
    /** Further vkeys, named with the archive's origin, that recovery and verify trust: older log keys. */
    readonly trusted: readonly string[];
  };
  readonly source: SourceConfig;
  /** Always has `seals`, which is never shorter or weaker than any other. */
  readonly retention: Readonly<Record<string, RetentionPolicy>> & { readonly seals: RetentionPolicy };
  readonly allowLongRetention: boolean;
  readonly segment: {
    /** Content bytes of one segment, before compression. */
    readonly maxBytes: number;
    readonly maxRecords: number;
    readonly maxAgeMs: number;
    /** An idle partition seals a segment without lines this often; 0: never. */
    readonly heartbeatMs: number;
  };
  readonly limits: {
    /** Key, headers and value of one record. */
    readonly recordBytes: number;
    /** Bytes buffered over all partitions. */
    readonly memoryBytes: number;
    /** How long a stopping service may take to seal what it holds. */
    readonly drainMs: number;
    readonly anchorIntervalMs: number;
  };
  readonly encoding: { readonly codec: 'zstd' | 'gzip'; readonly level: number };
  /** `port` 0: no server. */
  readonly server: { readonly host: string; readonly port: number };
  readonly log: { readonly level: LogLevel };
};
