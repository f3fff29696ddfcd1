// What if everything goes wrong at once, in an order that a seed decides? One run of a world, and what it broke.
import { equalBytes } from '../../src/base/bytes.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import { encodeEntry, type KafkaRecord } from '../../src/format/record.ts';
import { type RunningArchiver, World } from '../support/archiver-world.ts';
import { memorySigner } from '../support/memory-signer.ts';
import { type Fault, faultyStore } from '../support/memory-store.ts';

/** mulberry32: small, and the same on every machine. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const PARTITIONS = 2;
const MEMBERS_MAX = 3;

type Run = {
  readonly seed: number;
  readonly world: World;
  readonly chance: (part: number) => boolean;
  readonly below: (n: number) => number;
  readonly alive: Map<string, { archiver: RunningArchiver; isolated: boolean }>;
  /** All that producers were ever told is in the log, whatever became of it: by partition. */
  readonly ledger: Map<number, KafkaRecord>[];
  /** Why a partition may halt, by what was done to it. */
  readonly excuses: Set<string>[];
  readonly did: string[];
  faults: number;
  storeDown: boolean;
  started: number;
};

/** What went wrong, as words; empty when all was well. */
export async function randomRun(seed: number, steps: number): Promise<string[]> {
  const random = randomOf(seed);
  const chance = (part: number) => random() < part;
  const below = (n: number) => Math.floor(random() * n);
  const run: Run = {
    seed,
    chance,
    below,
    world: worldOf(random, () => run.faults),
    alive: new Map(),
    ledger: Array.from({ length: PARTITIONS }, () => new Map()),
    excuses: Array.from({ length: PARTITIONS }, () => new Set<string>()),
    did: [],
    faults: 0,
    storeDown: false,
    started: 0,
  };
  start(run);
  for (let step = 0; step < steps; step++) {
    await act(run);
    remember(run);
    await run.world.clock.advance(chance(0.1) ? below(40_000) : below(400));
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const unsealed = run.world.hintProblems(partition);
      if (unsealed.length > 0) return [...unsealed, ...run.did];
    }
  }
  return settle(run);
}

function worldOf(random: () => number, faults: () => number): World {
  const pick = random();
  const signer = memorySigner({
    algorithm: random() < 0.5 ? 'ed25519' : 'ecdsa-p256',
    fault: () =>
      random() < faults() ? { kind: random() < 0.5 ? ('fails' as const) : ('lost' as const) } : undefined,
  });
  return new World({
    signer,
    partitions: PARTITIONS,
    topic: pick < 0.3 ? ', startFrom: latest' : '',
    config: `segment: { maxRecords: ${3 + Math.floor(random() * 20)}, maxAge: 1s, heartbeat: ${random() < 0.5 ? '0' : '60s'} }
limits: { anchorInterval: ${random() < 0.5 ? '10s' : '5m'} }`,
    broker: {
      topicIds: random() < 0.5,
      outOfRange: random() < 0.5 ? 'stop' : 'jump',
      lateAfterPause: random() < 0.5,
      fetchOffsetsMax: 1 + Math.floor(random() * 12),
    },
  });
}

// What may happen.

type Act = readonly [weight: number, name: string, act: (run: Run, partition: number) => unknown];

const ACTS: readonly Act[] = [
  [30, 'produce', (run, p) => run.world.produce(p, 1 + run.below(15))],
  [4, 'transaction', transaction],
  [4, 'start', start],
  [4, 'kill', (run) => one(run)?.archiver.kill()],
  [2, 'stop', (run) => stop(run)],
  [3, 'rebalance', (run) => run.world.broker.group('ledgerstone').rebalance()],
  [2, 'isolate', isolate],
  [3, 'heal', heal],
  [6, 'faults', (run) => (run.faults = run.chance(0.4) ? 0 : run.below(60) / 100)],
  [2, 'store down', (run) => (run.storeDown = true)],
  [6, 'store up', (run) => (run.storeDown = false)],
  [2, 'brokers down', (run) => (run.world.broker.down = true)],
  [6, 'brokers up', (run) => (run.world.broker.down = false)],
  [3, 'elect', (run) => run.world.broker.elect()],
  [3, 'hold', (run, p) => run.world.broker.hold('orders', p)],
  [5, 'release', (run, p) => void run.world.broker.release('orders', p)],
  [1, 'drift', drift],
  [3, 'expire sealed', expireSealed],
  [1, 'mark', mark],
  [1, 'cover', cover],
  [1, 'jump', (run) => run.world.clock.jump((run.below(40) - 20) * 1000)],
];

async function act(run: Run): Promise<void> {
  let at = run.below(ACTS.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, name, perform] of ACTS) {
    at -= weight;
    if (at >= 0) continue;
    const partition = run.below(PARTITIONS);
    run.did.push(`${name} ${partition} at ${Math.round(run.world.clock.monotonic())}`);
    await perform(run, partition);
    return;
  }
}

function start(run: Run): void {
  if (run.alive.size >= MEMBERS_MAX) return;
  const id = `m${run.started++}`;
  const { world } = run;
  const fault = (): Fault | undefined => {
    if (run.storeDown) return { kind: 'fails' };
    if (!run.chance(run.faults)) return undefined;
    const kinds: readonly Fault[] = [
      { kind: 'fails' },
      { kind: 'done-but-fails' },
      { kind: 'twice' },
      { kind: 'slow', ms: run.below(8_000) },
      { kind: 'fails', error: new LedgerstoneError('denied', 'AccessDenied') },
    ];
    return kinds[run.below(kinds.length)];
  };
  const archiver = world.start(id, faultyStore(world.store, fault, world.clock));
  run.alive.set(id, { archiver, isolated: false });
  // A process that can't begin ends, and is nobody's any more.
  void archiver.ended.then(() => run.alive.delete(id));
  const kill = archiver.kill;
  archiver.kill = () => {
    run.alive.delete(id);
    kill();
  };
}

const one = (run: Run) => [...run.alive.values()][run.below(run.alive.size)];

async function stop(run: Run): Promise<void> {
  const chosen = one(run);
  if (chosen === undefined) return;
  run.alive.delete(chosen.archiver.id);
  await chosen.archiver.stop();
}

function isolate(run: Run): void {
  const chosen = one(run);
  if (chosen === undefined || chosen.isolated) return;
  chosen.isolated = true;
  try {
    run.world.broker.group('ledgerstone').isolate(chosen.archiver.id);
  } catch {
    // It has not joined yet.
    chosen.isolated = false;
  }
}

function heal(run: Run): void {
  for (const each of run.alive.values()) {
    if (!each.isolated) continue;
    each.isolated = false;
    run.world.broker.group('ledgerstone').heal(each.archiver.id);
  }
}

function transaction(run: Run, partition: number): void {
  const open = run.world.broker.log('orders', partition).begin();
  for (let i = run.below(4); i >= 0; i--) open.append({ value: `{"t":${i}}` });
  if (run.chance(0.5)) open.commit();
  else open.abort();
}

/** A position slips. Forward three times at one place is a hole for good. */
function drift(run: Run, partition: number): void {
  run.excuses[partition]?.add('replay').add('hole');
  run.world.broker.driftNext('orders', partition, run.below(9) - 5);
}

/** Retention that takes only what is sealed. */
function expireSealed(run: Run, partition: number): void {
  const sealed = run.world.nextOffset(partition);
  if (sealed > 0) run.world.broker.log('orders', partition).expire(run.below(sealed + 1));
}

function mark(run: Run): void {
  const keys = run.world.store.keys().filter((key) => key.startsWith('seals/') || key.startsWith('data/'));
  const key = keys[run.below(keys.length)];
  if (key !== undefined) run.world.store.attacker.addMarker(key);
}

function cover(run: Run): void {
  const keys = run.world.store.keys().filter((key) => key.startsWith('seals/'));
  const key = keys[run.below(keys.length)];
  if (key !== undefined) run.world.store.attacker.putVersion(key, new TextEncoder().encode('forged'));
}

function remember({ world, ledger }: Run): void {
  for (const [partition, known] of ledger.entries())
    for (const record of world.broker.log('orders', partition).records()) known.set(record.offset, record);
}

// What must hold in the end.

async function settle(run: Run): Promise<string[]> {
  const { world } = run;
  run.faults = 0;
  run.storeDown = false;
  world.broker.down = false;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    world.broker.release('orders', partition);
    world.broker.driftNext('orders', partition, 0);
    // What a position jumped over shows once something follows.
    world.produce(partition, 1);
  }
  remember(run);
  heal(run);
  start(run);
  await world.clock.advance(180_000);
  const found: string[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) found.push(...problemsOf(run, partition));
  found.push(...world.signingProblems());
  const report = await world.verify();
  if (report.verdict !== 'verified')
    found.push(
      `the verifier says ${report.verdict}: ${JSON.stringify(report.chains.flatMap(({ findings }) => findings)).slice(0, 2000)}`,
    );
  for (const { archiver } of run.alive.values()) archiver.kill();
  return found.length === 0
    ? []
    : [...found, ...run.did, ...world.archivers.flatMap(({ id, log }) => log.map((line) => `${id} ${line}`))];
}

function problemsOf(run: Run, partition: number): string[] {
  const { world } = run;
  const known = run.ledger[partition] as Map<number, KafkaRecord>;
  const found = world.hintProblems(partition);
  const first = world.manifests(partition)[0]?.records.firstOffset;
  let next = first ?? 0;
  for (const line of world.lines(partition)) {
    if (line.offset !== next) found.push(`${partition}: offset ${line.offset} where ${next} follows`);
    next = line.gap === null ? line.offset + 1 : line.gap.last + 1;
    const original = known.get(line.offset);
    if (line.gap !== null) {
      for (let at = line.gap.offset; at < next; at++)
        if (known.has(at)) found.push(`${partition}: the record at ${at} is called a gap`);
    } else if (original === undefined) found.push(`${partition}: offset ${line.offset} was never produced`);
    else if (line.record === null || !equalBytes(encodeEntry(original), encodeEntry(line.record)))
      found.push(`${partition}: offset ${line.offset} differs`);
  }
  const { high } = world.broker.log('orders', partition).range;
  const sealed = world.nextOffset(partition);
  if (sealed >= high) return found;
  const actors = [...run.alive.values()].flatMap(({ archiver }) => archiver.pipeline.actors);
  const owner = actors.filter(({ place }) => place.partition.partition === partition);
  const halts = owner.flatMap(({ halt }) => (halt === null ? [] : [halt.code]));
  if (halts.length === 0 || halts.some((code) => !run.excuses[partition]?.has(code))) {
    const states = owner.map(
      ({ state, trouble }) => `${state} ${trouble === null ? '' : String(trouble.error)}`,
    );
    found.push(`${partition}: sealed up to ${sealed} of ${high}, halted: ${halts}, ${states}`);
  }
  return found;
}
