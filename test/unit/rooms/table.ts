// Which room may import what? The one table: the test beside it holds every file of src to it, and README shows it.

/** What a room is and may import. `node:` in `packages` stands for Node's own modules. */
export type Room = {
  /** Its folder below src. The longest name that fits a file is the file's room. */
  readonly name: string;
  readonly knows: string;
  /** Rooms, or single files of a room; `all`. A room may always import itself. */
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
  /** No other room may import it, not even one that may import all. */
  readonly onlyFor?: readonly string[];
};

const PURE = ['base', 'format', 'merkle'];
const EDGE = ['base', 'base/node', 'format'];

export const ROOMS: readonly Room[] = [
  {
    name: 'base',
    knows: 'bytes, hashes, errors, clock, limits, log, JSON, times',
    rooms: [],
    packages: ['@noble/hashes', '@noble/post-quantum'],
  },
  { name: 'base/node', knows: "Node's hashing and compression", rooms: ['base'], packages: ['node:'] },
  {
    name: 'format',
    knows: 'lines, manifests, checkpoints, seals and keys as bytes; FORMAT.md',
    rooms: ['base'],
    packages: [],
  },
  { name: 'merkle', knows: 'hashes and proofs of RFC 6962', rooms: ['base'], packages: [] },
  {
    name: 'timestamp',
    knows: 'what a time-stamping authority is asked, and what its token shows (RFC 3161)',
    rooms: ['base'],
    packages: ['pkijs', 'asn1js'],
  },
  { name: 'segment', knows: 'a batch and the head of its chain → one segment', rooms: PURE, packages: [] },
  {
    name: 'kernel',
    knows: "the writer's inner loops in WebAssembly",
    rooms: PURE,
    packages: ['node:', 'assemblyscript'],
    onlyFor: ['archiver'],
  },
  {
    name: 'sign',
    knows: 'KMS (the only KMS client) or a key file',
    rooms: EDGE,
    packages: ['node:', '@aws-sdk/client-kms'],
  },
  {
    name: 'store',
    knows: 'S3 (the only S3 client) or a directory',
    rooms: EDGE,
    packages: ['node:', '@aws-sdk/client-s3', '@aws-sdk/credential-provider-ini', '@smithy/signature-v4'],
  },
  {
    name: 'ingest',
    knows: 'Kafka (the only Kafka client) or a file → ordered records',
    rooms: EDGE,
    packages: ['node:', 'kafkajs', 'lz4-napi', '@node-rs/crc32', 'aws-msk-iam-sasl-signer-js'],
  },
  {
    name: 'ingest/kafka/produce',
    knows: 'records → a Kafka topic, in transactions that also keep how far they went',
    rooms: [...EDGE, 'ingest'],
    packages: ['node:'],
    onlyFor: ['replay', 'apps'],
  },
  { name: 'verify', knows: 'bytes and trusted keys → report', rooms: PURE, packages: [] },
  {
    name: 'sealing',
    knows: 'a segment → written once, signed and locked in its chain, or fenced off',
    rooms: [...EDGE, 'merkle', 'segment', 'sign', 'store'],
    packages: ['node:'],
  },
  {
    name: 'evidence',
    knows: 'events with their proofs ↔ a package that shows by itself what it is',
    rooms: [...PURE, 'verify', 'timestamp'],
    packages: ['fflate', '@noble/curves'],
  },
  {
    name: 'verify/node',
    knows: "the verifier's hashing in Node's threads",
    rooms: [...PURE, 'base/node', 'verify'],
    packages: ['node:'],
  },
  {
    name: 'access',
    knows: 'policies of AWS → who can do what to an archive, and who is meant to',
    rooms: ['base', 'format'],
    packages: [],
  },
  {
    name: 'config',
    knows: 'the three YAML files and their JSON schemas',
    rooms: EDGE,
    packages: ['node:', 'yaml', 'zod'],
  },
  {
    name: 'read',
    knows: 'finds and reads lines of an archive',
    rooms: [...PURE, 'base/node', 'store', 'verify', 'verify/node'],
    packages: ['node:'],
  },
  {
    name: 'copy',
    knows: 'every object of one store → another store, with its locks and holds',
    rooms: [...EDGE, 'store'],
    packages: ['node:'],
  },
  {
    name: 'replay',
    knows: 'verified lines → records in a Kafka topic, each once',
    rooms: [...EDGE, 'read', 'verify', 'ingest/kafka/produce'],
    packages: ['node:'],
  },
  {
    name: 'clients',
    knows: 'opens the store, signer and source that a configuration names',
    rooms: [...EDGE, 'config', 'store', 'sign', 'ingest'],
    packages: ['node:'],
  },
  {
    name: 'library',
    knows: 'what other programs import: reads, judges, writes nothing',
    rooms: [
      ...PURE,
      'base/node',
      'timestamp',
      'store/store.ts',
      'verify',
      'verify/node',
      'read',
      'evidence',
      'clients',
    ],
    packages: ['node:'],
  },
  {
    name: 'import',
    knows: 'files of history → records with their own times, in a chain of their own',
    rooms: [...PURE, 'base/node', 'segment', 'sealing', 'sign', 'store', 'read'],
    packages: ['node:'],
  },
  {
    name: 'archiver',
    knows: 'the first party: records → sealed segments',
    rooms: [...PURE, 'base/node', 'segment', 'sealing', 'kernel', 'sign', 'store', 'ingest', 'config'],
    packages: ['node:', 'prom-client'],
  },
  {
    name: 'verifier',
    knows: 'the second party: seals → attestations, findings and alarms',
    rooms: [...EDGE, 'timestamp', 'verify', 'store', 'sign', 'ingest/kafka/marks.ts', 'read', 'config'],
    packages: ['node:', 'zod'],
  },
  {
    name: 'governance',
    knows: 'the officers: decisions → acts in the governance chain, and what they demand of the store',
    rooms: [...PURE, 'base/node', 'segment', 'sealing', 'sign', 'store', 'verify', 'read', 'config'],
    packages: ['node:'],
  },
  {
    name: 'apps',
    knows: 'the faces: service, Lambda, command line',
    rooms: ['all'],
    packages: [
      'node:',
      '@opentelemetry/api',
      'cli-progress',
      'commander',
      'esbuild',
      'pino',
      'pino-pretty',
      'prom-client',
    ],
  },
];

/** Single imports across a boundary, each with its reason. */
export const CROSSINGS: readonly { readonly from: string; readonly to: string; readonly why: string }[] = [
  {
    from: 'archiver/chain/head.ts',
    to: 'verify/open-seal.ts',
    why: 'at its start the archiver opens its own head as a verifier does',
  },
  { from: 'base/version.ts', to: '../package.json', why: 'the version is kept there alone' },
  {
    from: 'apps/cli/demo/on-stack.ts',
    to: '../localstack/demo.ts',
    why: 'in a checkout the demo runs on the stack',
  },
  { from: 'apps/cli/demo/stage.ts', to: '../localstack/main.ts', why: 'asks whether this is a checkout' },
];

/** Imports that still have to go. An entry that is no longer needed fails the test. */
export const NOT_YET: readonly { readonly from: string; readonly to: string }[] = [];

/** The rows that README shows. */
export const tableRows = (): string[] =>
  ROOMS.map(({ name, knows, rooms, packages }) => {
    const may = [...rooms, ...packages.map((one) => `\`${one}\``)];
    return `| \`${name}\` | ${knows} | ${may.length === 0 ? '–' : may.join(', ')} |`;
  });
