// How does a test give the verifier an archive in memory that anybody can alter, and see its findings?

import type { Clock } from '../../src/base/clock.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import type { Logger } from '../../src/base/log.ts';
import { momentOf } from '../../src/store/clock-offset.ts';
import type { ObjectVersion, Store } from '../../src/store/store.ts';
import type { CheckName } from '../../src/verifier/findings/record.ts';
import { SourceRanges } from '../../src/verifier/source-ranges.ts';
import { confirmTask } from '../../src/verifier/tasks/confirm.ts';
import type { FindingSink, Task, Verifier } from '../../src/verifier/verifier.ts';
import type { Finding } from '../../src/verify/finding.ts';
import type { LawlessArchive } from './lawless-archive.ts';
import { STILL, type VerifierWorld } from './verifier-world.ts';

/** Read only. `offsetMs`: local time less the store's; null: it does not tell. */
export function storeOver(
  archive: LawlessArchive,
  offsetMs: () => number | null = () => 0,
  clock: Clock = STILL,
): Store {
  const refuse = async (): Promise<never> => {
    throw new LedgerstoneError('not-permitted', 'a verifier writes nothing into the archive');
  };
  return {
    kind: 's3',
    description: 's3://archive/',
    putIfAbsent: refuse,
    extendLock: refuse,
    read: (key, versionId, options) => archive.read(key, versionId, options),
    lock: async (key, versionId) => (await archive.lock(key, versionId)) as never,
    hold: async () => 'none',
    async *listVersions(prefix, options) {
      for await (const version of archive.listVersions(prefix, options)) {
        yield { ...version, lastModifiedMs: STILL.now() } satisfies ObjectVersion;
      }
    },
    async *listPrefixes(prefix) {
      const folders = archive.keys().flatMap((key) => {
        const end = key.startsWith(prefix) ? key.indexOf('/', prefix.length) : -1;
        return end < 0 ? [] : [key.slice(0, end + 1)];
      });
      yield* new Set(folders);
    },
    clockOffset: () => {
      const found = offsetMs();
      return found === null ? null : { offsetMs: found, measuredAt: momentOf(clock) };
    },
    close: async () => {},
  };
}

type Told = {
  readonly scope: string;
  readonly check: CheckName;
  readonly findings: readonly Finding[];
};

/** Keeps what was reported, and can fail. */
class RecordingSink implements FindingSink {
  readonly told: Told[] = [];
  failure: Error | null = null;

  async report(...[scope, findings, { check }]: Parameters<FindingSink['report']>): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.told.push({ scope: scope.name, check, findings });
  }

  codes(): string[] {
    return [...new Set(this.told.flatMap(({ findings }) => findings.map(({ code }) => code)))].sort();
  }
}

export class RecordingLog implements Logger {
  readonly lines: string[] = [];
  info = (_fields: object, message: string): void => void this.lines.push(message);
  debug = this.info;
  warn = this.info;
  error = this.info;
}

export const BUCKET = 'acme-audit';

export type WorldVerifier = Verifier & { readonly findings: RecordingSink; readonly log: RecordingLog };

export function verifierOf(world: VerifierWorld, options: Partial<Verifier> = {}): WorldVerifier {
  const archive = options.archive ?? storeOver(world.builder.archive, () => 0, options.clock);
  const step = { ...world.tools(), ...(options.clock && { clock: options.clock }) };
  return {
    archive,
    own: world.store,
    place: { bucket: BUCKET, prefix: '' },
    step,
    sources: new SourceRanges({ ...step, archive, own: world.store }),
    findings: new RecordingSink(),
    tasks: new Map<string, Task>([['confirm', confirmTask]]),
    log: new RecordingLog(),
    clock: STILL,
    freshnessMs: null,
    watched: { buckets: [BUCKET] },
    chainsAtOnce: 4,
    ...options,
  } as WorldVerifier;
}

/** As S3 sends it. */
export const s3Record = (key: string, eventName = 'ObjectCreated:Put', bucket = BUCKET) => ({
  ...{ eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: 'eu-central-1', eventName },
  eventTime: '2026-11-22T10:00:00.000Z',
  s3: {
    ...{ s3SchemaVersion: '1.0', configurationId: 'seals' },
    bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
    object: {
      key: encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+'),
      size: 1,
      sequencer: '0',
    },
  },
});

export const s3Event = (...keys: readonly string[]) => ({ Records: keys.map((key) => s3Record(key)) });

/** As a queue hands it to a Lambda. */
export const sqsRecord = (messageId: string, body: unknown, receives = 1) => ({
  ...{ messageId, receiptHandle: 'r', eventSource: 'aws:sqs', awsRegion: 'eu-central-1' },
  eventSourceARN: 'arn:aws:sqs:eu-central-1:111122223333:seals',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  attributes: { ApproximateReceiveCount: String(receives) },
});
