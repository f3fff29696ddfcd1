// What work does an event ask for? Events come from outside: unknown ones are logged and otherwise ignored.
import { isChainName, isPartition } from '../../format/chain.ts';
import { parseKey } from '../../format/paths.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { childOf, type QueueMessage, shortText, unwrap } from './envelopes.ts';
import { isTrailFileKey } from './trail-files.ts';

export const TASKS = [
  ...(['confirm', 'freshness', 'sweep', 'full-pass', 'configuration', 'completeness', 'stamp'] as const),
] as const;
export type TaskName = (typeof TASKS)[number];

/** A chain that has grown, according to an event. All events of one chain are one piece of work. */
export type ChainWork = {
  readonly place: ChainInArchive;
  /** One more than the greatest sequence that was named, so about the chain's size. */
  readonly hintSize: number;
  readonly seals: readonly { readonly sequence: number; readonly message: QueueMessage | null }[];
};

/** Something other than a new seal happened at that key. The key is without the archive's own prefix. */
export type ObjectWork = { readonly key: string; readonly messages: readonly QueueMessage[] };

export type TaskWork = {
  readonly task: TaskName;
  /** Null: all chains. */
  readonly chains: readonly ChainInArchive[] | null;
  readonly message: QueueMessage | null;
};

/** A call to AWS that CloudTrail recorded. `detail` is not parsed yet. */
export type CallWork = { readonly detail: unknown; readonly message: QueueMessage | null };

/** A file of records that CloudTrail delivered. */
export type TrailFileWork = { readonly key: string; readonly message: QueueMessage | null };

export type EventWork = {
  /** True: messages of a queue. Each is acknowledged or not. */
  readonly isQueue: boolean;
  readonly chains: readonly ChainWork[];
  readonly objects: readonly ObjectWork[];
  readonly tasks: readonly TaskWork[];
  readonly calls: readonly CallWork[];
  readonly trailFiles?: readonly TrailFileWork[];
  /** Why parts of the event ask for no work. They are logged and never tried again. */
  readonly ignored: readonly string[];
};

export type ArchiveLocation = {
  readonly bucket: string /** '' or ends with '/'. */;
  readonly prefix: string;
  /** The bucket of CloudTrail's files. */
  readonly trailBucket?: string | undefined;
};

const IGNORED_MAX = 20;
const CHAINS_MAX = 10_000;

/** Pure, and never throws, whatever `event` is. `archive` is null if the archive is not a bucket. */
export function readEvent(event: unknown, archive: ArchiveLocation | null): EventWork {
  const work = new Collector();
  const { isQueue, contents } = unwrap(event);
  for (const { content, message } of contents) {
    switch (content.kind) {
      case 'object':
        addObject(work, content, archive, message);
        break;
      case 'call':
        work.calls.push({ detail: content.detail, message });
        break;
      case 'task':
        addTask(work, content.value, message);
        break;
      case 'nothing':
        work.ignore(content.why);
        break;
    }
  }
  return { isQueue, ...work.all() };
}

/** Joins the events of one chain, and those of one key. */
class Collector {
  readonly calls: CallWork[] = [];
  readonly tasks: TaskWork[] = [];
  readonly trailFiles: TrailFileWork[] = [];
  readonly #chains = new Map<
    string,
    { place: ChainInArchive; hintSize: number; seals: ChainWork['seals'][number][] }
  >();
  readonly #objects = new Map<string, QueueMessage[]>();
  readonly #ignored: string[] = [];

  seal(place: ChainInArchive, sequence: number, message: QueueMessage | null): void {
    const id = `${place.chain}/${place.partition}`;
    const chain = this.#chains.get(id) ?? { place, hintSize: 0, seals: [] };
    chain.hintSize = Math.max(chain.hintSize, sequence + 1);
    chain.seals.push({ sequence, message });
    this.#chains.set(id, chain);
  }

  object(key: string, message: QueueMessage | null): void {
    const messages = this.#objects.get(key) ?? [];
    if (message !== null) messages.push(message);
    this.#objects.set(key, messages);
  }

  ignore(why: string): void {
    if (this.#ignored.length < IGNORED_MAX) this.#ignored.push(why);
  }

  all(): Omit<EventWork, 'isQueue'> {
    return {
      chains: [...this.#chains.values()],
      objects: [...this.#objects].map(([key, messages]) => ({ key, messages })),
      tasks: this.tasks,
      calls: this.calls,
      trailFiles: this.trailFiles,
      ignored: this.#ignored,
    };
  }
}

function addObject(
  work: Collector,
  { bucket, key, isCreation }: { bucket: string; key: string; isCreation: boolean },
  archive: ArchiveLocation | null,
  message: QueueMessage | null,
): void {
  if (archive?.trailBucket !== undefined && bucket === archive.trailBucket) {
    if (isTrailFileKey(key)) work.trailFiles.push({ key, message });
    else work.ignore(`the key ${JSON.stringify(key.slice(0, 200))}, which is no file of records`);
    return;
  }
  if (archive === null || bucket !== archive.bucket) {
    work.ignore(`an object of bucket ${JSON.stringify(bucket.slice(0, 80))}, which is not the archive's`);
    return;
  }
  if (!key.startsWith(archive.prefix)) {
    work.ignore(`the key ${JSON.stringify(key.slice(0, 200))}, which is not below the archive's prefix`);
    return;
  }
  const own = key.slice(archive.prefix.length);
  const parsed = parseKey(own);
  if (isCreation && parsed?.kind === 'seal') {
    work.seal({ chain: parsed.chain, partition: parsed.partition }, parsed.sequence, message);
  } else {
    work.object(own, message);
  }
}

function addTask(work: Collector, value: object, message: QueueMessage | null): void {
  const task = TASKS.find((name) => name === childOf(value, 'task'));
  const unknown = Object.keys(value).filter((name) => name !== 'task' && name !== 'chains');
  if (task === undefined || unknown.length > 0) {
    work.ignore(`an unknown task: ${shortText(value)}; tasks are ${TASKS.join(', ')}`);
    return;
  }
  const listed = childOf(value, 'chains');
  if (listed === undefined || listed === null) {
    work.tasks.push({ task, chains: null, message });
    return;
  }
  const chains = Array.isArray(listed) && listed.length <= CHAINS_MAX ? listed.map(placeOf) : [null];
  if (chains.includes(null)) {
    work.ignore(`chains of task ${task} that are no list of "chain/partition"`);
    return;
  }
  work.tasks.push({ task, chains: chains as ChainInArchive[], message });
}

/** `"orders/0"` or `{"chain":"orders","partition":0}`. */
function placeOf(value: unknown): ChainInArchive | null {
  const [, name, digits] = typeof value === 'string' ? (/^(.+)\/(0|[1-9]\d{0,9})$/.exec(value) ?? []) : [];
  const chain = name ?? childOf(value, 'chain');
  const partition = digits === undefined ? childOf(value, 'partition') : Number(digits);
  return typeof chain === 'string' && isChainName(chain) && isPartition(partition)
    ? { chain, partition }
    : null;
}
