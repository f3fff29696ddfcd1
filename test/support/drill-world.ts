// A bucket with a real chain, a verifier over it that works while a drill waits, and what a drill needs of both.

import type { DrillTools } from '../../src/apps/cli/drill/run.ts';
import { answerEvent } from '../../src/apps/verifier/handler.ts';
import { makeVerifier } from '../../src/apps/verifier/wiring.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import { silentLogger } from '../../src/base/log.ts';
import { parseVerifierConfig } from '../../src/config/verifier.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import type { CanaryStore } from '../../src/store/canary.ts';
import type { Store } from '../../src/store/store.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { ArchiveBuilder, entries, NOW_MS, ORIGIN, YEAR_MS } from './archive-builder.ts';
import { memorySigner } from './memory-signer.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';
import { noteSigning } from './note-signing.ts';
import { BUCKET, s3Record } from './verifier-store.ts';

const denied = (call: string) =>
  new LedgerstoneError('not-permitted', `S3 ${call}: AccessDenied`, { disposition: 'fatal' });

export class DrillWorld {
  /** Time goes on while somebody sleeps, and the verifier works then. */
  #ms = 0;
  /** What the verifier does each time that somebody waits. */
  turn: () => Promise<unknown> = async () => {};
  readonly clock = {
    now: () => NOW_MS + this.#ms,
    monotonic: () => this.#ms,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      this.#ms += ms;
      await this.turn();
      signal?.throwIfAborted();
    },
  };
  readonly archive: MemoryStore = memoryStore({ clock: this.clock });
  readonly own: MemoryStore = memoryStore({ clock: this.clock });
  readonly notes: string[] = [];
  /** Calls that the bucket's policy refuses to the drill. */
  readonly refused = new Set<'putIfAbsent' | 'overwrite' | 'delete'>();
  /** As CloudTrail has them. */
  readonly trail: { readonly eventName: string; readonly key: string; readonly atMs: number }[] = [];
  readonly ending = new AbortController();
  verifier!: Verifier;
  #known = new Set<string>();

  static async start(): Promise<DrillWorld> {
    const world = new DrillWorld();
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    for (let i = 0; i < 3; i++) await chain.seal({ lines: entries(chain.nextOffset, 3) });
    const lock = { mode: 'COMPLIANCE', untilMs: NOW_MS + 10 * YEAR_MS } as const;
    for (const key of builder.archive.keys())
      await world.archive.putIfAbsent(key, builder.archive.bytesOf(key) as Uint8Array, lock);
    const [key] = builder.trusted;
    const store = (bucket: string) => ({ kind: 's3', bucket, region: 'eu-central-1' });
    const config = parseVerifierConfig(
      JSON.stringify({
        archive: { store: store(BUCKET), trusted: [encodeVkey(key as NonNullable<typeof key>)] },
        attestations: {
          store: store('attestations'),
          retention: { mode: 'COMPLIANCE', period: '1y' },
        },
        cosigner: { name: 'verifier.example.com', signing: { kind: 'local', keyFile: 'x' } },
      }),
      'test',
      {},
    );
    const { archive, own } = world;
    world.verifier = makeVerifier(
      config,
      { archive, own, signer: memorySigner({ seed: 'verifier' }) },
      { checker: portableChecker(nodeContentTools), log: silentLogger, clock: world.clock },
    );
    await world.confirm();
    for (const name of archive.keys()) world.#known.add(`${name} ${archive.versionsOf(name)[0]?.versionId}`);
    return world;
  }

  send = (event: unknown) => answerEvent(this.verifier, event, () => 600_000);
  confirm = () => this.send({ task: 'confirm' });
  sweep = () => this.send({ task: 'sweep' });

  /** S3's own events of whatever is new. */
  events = async (): Promise<void> => {
    for (const key of this.archive.keys()) {
      for (const { versionId, marker } of this.archive.versionsOf(key)) {
        if (this.#known.has(`${key} ${versionId}`)) continue;
        this.#known.add(`${key} ${versionId}`);
        const name = marker ? 'ObjectRemoved:DeleteMarkerCreated' : 'ObjectCreated:Put';
        await this.send({ Records: [s3Record(key, name)] });
      }
    }
  };

  /** CloudTrail's, of what was refused; `afterMs` late. */
  trailEvents = (afterMs: number) => async (): Promise<void> => {
    for (const [index, { eventName, key, atMs }] of this.trail.entries()) {
      if (this.clock.now() < atMs + afterMs) continue;
      const detail = {
        ...{ eventVersion: '1.10', eventID: `a1b2c3d4-0000-4000-8000-00000000000${index}`, eventName },
        ...{ eventSource: 's3.amazonaws.com', awsRegion: 'eu-central-1', errorCode: 'AccessDenied' },
        eventTime: new Date(atMs).toISOString().replace(/\.\d+/, ''),
        ...{ sourceIPAddress: '203.0.113.7', userAgent: 'ledgerstone' },
        userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/operator' },
        requestParameters: { bucketName: BUCKET, key },
      };
      await this.send({ 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.s3', detail });
    }
  };

  tools(): DrillTools {
    const { attacker } = this.archive;
    const refuse = (call: 'putIfAbsent' | 'overwrite' | 'delete', eventName: string, key: string) => {
      if (!this.refused.has(call)) return;
      this.trail.push({ eventName, key, atMs: this.clock.now() });
      throw denied(eventName);
    };
    const canary: CanaryStore = {
      overwrite: async (key, bytes, lock) => {
        refuse('overwrite', 'PutObject', key);
        return attacker.putVersion(key, bytes, lock);
      },
      hide: async (key) => {
        refuse('delete', 'DeleteObject', key);
        return attacker.addMarker(key);
      },
      remove: async (key, versionId) => {
        refuse('delete', 'DeleteObject', key);
        if (this.archive.versionsOf(key).some((version) => version.versionId === versionId))
          attacker.deleteVersion(key, versionId);
      },
      close() {},
    };
    const archive: Store = {
      ...this.archive,
      putIfAbsent: async (key, ...rest) => {
        refuse('putIfAbsent', 'PutObject', key);
        return this.archive.putIfAbsent(key, ...rest);
      },
    };
    return {
      ...{ archive, canary, own: this.own, clock: this.clock, origin: ORIGIN, prefix: '' },
      keys: noteSigning(undefined, 'verifier.example.com'),
      ...{ signal: this.ending.signal, note: (text: string) => void this.notes.push(text) },
    };
  }

  canaries(): string[] {
    return this.archive.keys().filter((key) => key.includes('ledgerstone.drill'));
  }

  /** Of findings, as their keys say. */
  states(): string[] {
    return this.own.keys().flatMap((key) => {
      const [, code, state] = /^findings\/.+\/([a-z-]+)\/[0-9a-f]{32}\/\d{6}-(.+)\.note$/.exec(key) ?? [];
      return code === undefined ? [] : [`${code} ${state}`];
    });
  }
}
