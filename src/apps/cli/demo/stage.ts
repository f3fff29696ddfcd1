// Which archive, configuration and events does one run of the demo use?
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { generateLocalKey } from '../../../sign/local-key.ts';
import { UsageError } from '../exit-code.ts';
import { fileError } from '../file-error.ts';
import { demoEvents, demoSources, linesOfText } from './events.ts';

export type Stage = {
  /** Has the configuration, the verifier key and the copies that are attacked. */
  readonly directory: string;
  readonly configFile: string;
  /** The archive as it is named on a command line. */
  readonly archive: string;
  /** More options that the shown commands need. */
  readonly archiveOptions: string;
  readonly topic: string;
  readonly events: number;
  readonly contentBytes: number;
  /** What is embedded and what production uses. Lines of at most 80 columns. */
  readonly introduction: readonly string[];
  /** Shell lines that the shown commands need before them. */
  readonly environment: readonly string[];
  /** The last line: what to do next. */
  readonly nextStep: string;
  /** Writes the events to the source. Called before the archiver runs. */
  produce(): Promise<void>;
};

export const CONFIG_FILE = 'ledgerstone.yaml';
export const VKEY_FILE = 'archive.vkey';
const SEGMENT_RECORDS = 600;

/** A new directory. It stays after the demo, for its commands. `wanted` must be new or empty. */
export async function demoDirectory(wanted: string | undefined): Promise<string> {
  if (wanted === undefined) return mkdtemp(join(tmpdir(), 'ledgerstone-demo-'));
  try {
    await mkdir(wanted, { recursive: true });
    if ((await readdir(wanted)).length === 0) return resolve(wanted);
  } catch (cause) {
    throw fileError(`can't use ${wanted} for the demo`, cause);
  }
  throw new UsageError(`${wanted} is not empty`, 'Name a new directory with --dir, or leave it out.');
}

/** Everything in one directory: a file as source, a directory as store, a key in a file. */
export async function embeddedStage(directory: string): Promise<Stage> {
  const events = await demoEvents();
  const inCheckout = existsSync(new URL('../../../../localstack/main.ts', import.meta.url));
  await writeFile(join(directory, 'events.jsonl'), events);
  await writeFile(join(directory, 'SOURCES.md'), await demoSources());
  await generateLocalKey(join(directory, 'log-key.pem'), 'ed25519');
  await writeFile(join(directory, CONFIG_FILE), embeddedConfig);
  return {
    directory,
    configFile: join(directory, CONFIG_FILE),
    archive: join(directory, 'archive'),
    archiveOptions: '',
    topic: 'audit',
    events: [...linesOfText(events)].length,
    contentBytes: events.length,
    introduction: [
      'Embedded here: a file as source, a directory as store, a key file to sign with.',
      'Production: Apache Kafka, S3 Object Lock (compliance mode) and AWS KMS.',
      'The pipeline and the code between them are the same.',
    ],
    environment: [],
    nextStep: [
      `The same on Kafka, S3 Object Lock and KMS: ${inCheckout ? '' : 'in a checkout, '}npm run stack`,
      '&& npm run demo -- --stack',
    ].join(' '),
    produce: async () => {},
  };
}

const embeddedConfig = `# The demo's configuration. For production: kind: kafka, kind: s3, kind: kms; see docs/configuration.md.
archive:
  origin: demo.example/ledgerstone
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: log-key.pem }
source: { kind: file, path: events.jsonl, topic: { name: audit, retention: demo } }
retention:
  demo: { mode: COMPLIANCE, period: 1d }
segment: { maxRecords: ${SEGMENT_RECORDS}, maxAge: 10s }
server: { port: 0 }
`;
