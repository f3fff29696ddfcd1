// How long does each step of the archiver take, when has a lane no work, and when has a thread no processor?
// It runs sealing-child.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';

type Step = { readonly name: string; readonly ms: number };
type Threads = Map<string, { readonly name: string; readonly runMs: number; readonly queuedMs: number }>;

const steps: Step[] = [];
/** Fetches under way, and waits for a lane that is too far behind. */
const underWay = { fetches: 0, waits: 0 };
const lanes: LaneClock[] = [];
type Moment = { readonly ms: number; readonly threads: Threads; readonly cpu: NodeJS.CpuUsage };
const time: { begin: Moment | null; end: Moment | null } = { begin: null, end: null };

const now = () => performance.now();

/** What the lane of one thread was asked for and has not answered, seen from the main thread. */
class LaneClock {
  /** Milliseconds in which nothing was asked for, by what went on meanwhile. */
  readonly emptyMs: Record<string, number> = {};
  #open = new Map<string, number>();
  #emptySince: { readonly ms: number; readonly why: string } | null = null;

  asked(key: string): void {
    this.note();
    this.#emptySince = null;
    this.#open.set(key, now());
  }

  answered(key: string, name: string): void {
    const since = this.#open.get(key);
    if (since === undefined) return;
    this.#open.delete(key);
    steps.push({ name, ms: now() - since });
    this.note();
  }

  /** Something changed in what goes on. */
  note(): void {
    if (time.begin === null || time.end !== null) return;
    const ms = now();
    const before = this.#emptySince;
    if (before !== null) this.emptyMs[before.why] = (this.emptyMs[before.why] ?? 0) + ms - before.ms;
    this.#emptySince = this.#open.size > 0 ? null : { ms, why: whatGoesOn() };
  }
}

const whatGoesOn = (): string =>
  underWay.fetches > 0 ? 'a fetch is under way' : underWay.waits > 0 ? 'told to wait' : 'neither';

function changed(): void {
  for (const lane of lanes) lane.note();
}

type Message = {
  readonly kind: string;
  readonly set?: number;
  readonly batch?: number;
  readonly part?: unknown;
};

/** Decoding answers with a part or an end; encoding in the order in which it was asked. */
function watchLane(lane: workerThreads.Worker): void {
  const clock = new LaneClock();
  lanes.push(clock);
  const takes = new Map<number, number[]>();
  let nextTake = 0;
  const post = lane.postMessage.bind(lane);
  lane.postMessage = (message: Message, transfer?: readonly workerThreads.Transferable[]) => {
    const { kind, set, batch } = message;
    if (kind === 'decode' || kind === 'next') clock.asked(`set ${set}`);
    if (kind === 'take' || kind === 'add') {
      const take = nextTake++;
      const before = takes.get(batch as number) ?? [];
      takes.set(batch as number, [...before, take]);
      clock.asked(`take ${take}`);
    }
    if (kind === 'finish') clock.asked(`body ${batch}`);
    post(message, transfer as workerThreads.Transferable[]);
  };
  lane.prependListener('message', ({ kind, set, batch }: Message) => {
    if (kind === 'part' || kind === 'end') clock.answered(`set ${set}`, 'lane: decode a part');
    if (kind === 'encoded')
      clock.answered(`take ${takes.get(batch as number)?.shift()}`, 'lane: queue and encode');
    if (kind === 'body') clock.answered(`body ${batch}`, 'lane: finish a body');
  });
}

const { Worker } = workerThreads;
workerThreads.Worker = class extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    if (String(args[0]).includes('lane-worker')) watchLane(this);
  }
};
syncBuiltinESMExports();

/** Times a method that answers with a promise, or with null for: at once. */
function timed(prototype: object, method: string, nameOf: (args: readonly unknown[]) => string): void {
  const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
  const original = methods[method];
  if (original === undefined) throw new Error(`the trace knows no ${method} any more`);
  methods[method] = function (...args) {
    const startedMs = now();
    const made = original.apply(this, args);
    if (made instanceof Promise) {
      const done = () => steps.push({ name: nameOf(args), ms: now() - startedMs });
      made.then(done, done);
    }
    return made;
  };
}

const commandOf = ([command]: readonly unknown[]): string =>
  (command as object).constructor.name.replace('Command', '');

const [{ S3Client }, { KMSClient }, { Sealer }, { Backpressure }, { Fetcher }, { Lanes }] = await Promise.all(
  [
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/client-kms'),
    import('../src/sealing/sealer.ts'),
    import('../src/archiver/backpressure.ts'),
    import('../src/ingest/kafka/group/fetcher.ts'),
    import('../src/archiver/lanes/lanes.ts'),
  ],
);
timed(S3Client.prototype, 'send', (args) => `S3: ${commandOf(args)}`);
timed(KMSClient.prototype, 'send', (args) => `KMS: ${commandOf(args)}`);
timed(Sealer.prototype, 'carry', () => 'seal: sign and store');
timed(Fetcher.prototype, 'fetch', () => 'fetch, decode and hand over');

const { ready } = Backpressure.prototype;
Backpressure.prototype.ready = function () {
  const wait = ready.call(this);
  if (wait === null) return null;
  const startedMs = now();
  underWay.waits += 1;
  changed();
  return wait.then(() => {
    underWay.waits -= 1;
    changed();
    steps.push({ name: 'told to wait: lanes are behind', ms: now() - startedMs });
  });
};

const watched = new WeakSet<object>();
const { fetch } = Fetcher.prototype;
Fetcher.prototype.fetch = function (broker, topics) {
  time.begin ??= { ms: now(), threads: threads(), cpu: process.cpuUsage() };
  const { connectionPool } = broker;
  if (!watched.has(connectionPool)) {
    watched.add(connectionPool);
    const { send } = connectionPool;
    connectionPool.send = async (request) => {
      if ((request.request as { apiName?: string }).apiName !== 'Fetch')
        return send.call(connectionPool, request);
      const startedMs = now();
      underWay.fetches += 1;
      changed();
      try {
        return await send.call(connectionPool, request);
      } finally {
        underWay.fetches -= 1;
        changed();
        steps.push({ name: 'Kafka: answer to a fetch', ms: now() - startedMs });
      }
    };
  }
  return fetch.call(this, broker, topics);
};

const { close } = Lanes.prototype;
Lanes.prototype.close = function () {
  changed();
  time.end ??= { ms: now(), threads: threads(), cpu: process.cpuUsage() };
  return close.call(this);
};

/** Of each thread: on a processor, and ready for one without having it (Linux, sched-stats). */
function threads(): Threads {
  const found: Threads = new Map();
  if (process.platform !== 'linux') return found;
  for (const id of readdirSync('/proc/self/task')) {
    const [run = 0, queued = 0] = readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8')
      .split(' ')
      .map(Number);
    const name = readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim();
    found.set(id, { name, runMs: run / 1e6, queuedMs: queued / 1e6 });
  }
  return found;
}

await import('./sealing-child.ts');
const { begin, end } = time;
if (begin === null || end === null) throw new Error('nothing was fetched');
const wallMs = end.ms - begin.ms;
const round = (ms: number) => Math.round(ms * 10) / 10;
const byThread: Record<string, { running: number; withoutProcessor: number; blocked: number }> = {};
for (const [id, { name, runMs, queuedMs }] of end.threads) {
  const then = begin.threads.get(id);
  const [run, queued] = [runMs - (then?.runMs ?? 0), queuedMs - (then?.queuedMs ?? 0)];
  if (run + queued < 0.01 * wallMs) continue;
  const percent = (ms: number) => Math.round((1000 * ms) / wallMs) / 10;
  byThread[`${name} ${id}`] = {
    running: percent(run),
    withoutProcessor: percent(queued),
    blocked: percent(wallMs - run - queued),
  };
}
const names = [...new Set(steps.map(({ name }) => name))].sort();
const byStep = Object.fromEntries(
  names.map((name) => {
    const all = steps.filter((step) => step.name === name).map(({ ms }) => ms);
    all.sort((a, b) => a - b);
    const at = (share: number) =>
      round(all[Math.min(all.length - 1, Math.floor(all.length * share))] as number);
    const sum = Math.round(all.reduce((total, ms) => total + ms, 0));
    return [name, { count: all.length, sum, median: at(0.5), p95: at(0.95), longest: at(1) }];
  }),
);
const events = Number(process.argv[3]);
const cpuMicros = end.cpu.user + end.cpu.system - begin.cpu.user - begin.cpu.system;
console.log(
  JSON.stringify({
    eventsPerSecond: Math.round(events / (wallMs / 1000)),
    rssMib: Math.round(process.resourceUsage().maxRSS / 1024),
    wallMs: Math.round(wallMs),
    cpuMicrosPerEventRunning: Math.round((100 * cpuMicros) / events) / 100,
    byThread,
    laneWithoutWorkMs: lanes.map(({ emptyMs }) =>
      Object.fromEntries(Object.entries(emptyMs).map(([why, ms]) => [why, Math.round(ms)])),
    ),
    byStep,
  }),
);
