// An archive with two chains of events and a governance chain, in a store with locks and holds, to decide about.
import { type CarryTools, carryOut, historyNow } from '../../src/governance/carry-out.ts';
import { type Decider, recordAct } from '../../src/governance/record-act.ts';
import type { Signer } from '../../src/sign/signer.ts';
import type { HoldWriter, Store } from '../../src/store/store.ts';
import { ArchiveBuilder, entries, START_MS, YEAR_MS } from './archive-builder.ts';
import { charterRequest, governanceWorld, holdRequest } from './governance.ts';

export const LOCK = { mode: 'COMPLIANCE', untilMs: START_MS + YEAR_MS } as const;

/** `orders/0` has segments 0 to 5, `orders/1` 0 to 2. */
export async function governedArchive() {
  const world = governanceWorld();
  const { store, clock } = world;
  const builder = new ArchiveBuilder();
  const chains = [6, 3].map((segments, partition) => ({
    chain: builder.chain('orders', partition),
    segments,
  }));
  for (const { chain, segments } of chains)
    for (let at = 0; at < segments; at++) await chain.seal({ lines: entries(at * 10, 10) });
  const stored = new Set<string>();
  const storeNew = async () => {
    for (const key of builder.archive.keys())
      if (!stored.has(key)) await store.putIfAbsent(key, builder.archive.bytesOf(key)!, LOCK);
    for (const key of builder.archive.keys()) stored.add(key);
  };
  await storeNew();
  /** One more segment comes into a partition. */
  const sealMore = async (partition: number, sealedMs?: number, signers?: readonly Signer[]) => {
    const of = chains[partition]!;
    await of.chain.seal({
      lines: entries(of.segments++ * 10, 10),
      ...(sealedMs !== undefined && { sealedMs }),
      ...(signers !== undefined && { signers }),
    });
    await storeNew();
  };
  await world.record(world.people.ada, charterRequest(world));
  const tools: CarryTools = { ...world.tools, store, logKeys: builder.trusted };
  /** Keys that are under a hold. */
  const held = () => store.keys().filter((key) => store.versionsOf(key)[0]!.isHeld);
  /** Sequences whose seal and data are both held, and keys that are held without the other one. */
  const heldSegments = (partition: number): number[] => {
    const of = (root: string) =>
      held()
        .filter((key) => key.startsWith(`${root}/topic=orders/partition=${partition}/`))
        .map((key) => Number(/\/(\d{12})[-.]/.exec(key)![1]));
    const [seals, data] = [of('seals'), of('data')];
    if (seals.join() !== data.join()) throw new Error(`seals ${seals} and data ${data} are held`);
    return seals;
  };
  const decide = async (who: Decider, request: Parameters<typeof recordAct>[2], at: CarryTools = tools) => {
    const { recorded, history } = await recordAct(at, who, request);
    return { ...(await carryOut(at, who, recorded, history)), recorded };
  };
  return { ...world, clock, tools, builder, held, heldSegments, decide, sealMore };
}

export type GovernedArchive = Awaited<ReturnType<typeof governedArchive>>;

export const range = (from: number, to: number | null, partition: number | null = 0) => ({
  ...{ chain: 'orders', partition, from, to },
});

export const place = (name: string, ...segments: ReturnType<typeof range>[]) => ({
  ...holdRequest(name),
  detail: { case: name, segments },
});
export const release = (name: string) => ({
  kind: 'hold.release' as const,
  ...{ of: null, reason: `${name} is closed`, reference: null },
  detail: { case: name },
});
const approve = (of: string) => ({
  kind: 'approve' as const,
  ...{ of, reason: 'Agreed', reference: null },
  detail: {},
});
export const extend = (untilMs: number, ...segments: ReturnType<typeof range>[]) => ({
  kind: 'retention.extend' as const,
  ...{ of: null, reason: 'The law', reference: null },
  detail: { segments, until: new Date(untilMs).toISOString().replace('.000Z', 'Z') },
});

/** Proposed by Ada, approved by Grace. */
export async function released(world: GovernedArchive, name: string) {
  const { recorded } = await world.record(world.people.ada, release(name));
  await world.record(world.people.grace, approve(recorded.act.id));
  const history = await historyNow(world.tools);
  return history.find(recorded.act.id)!;
}

/** Counts calls of store and keys, and dies after the one of that number: what comes later does not happen. */
export function mortal(tools: CarryTools, decider: Decider, deathAt: number, isAfter: boolean) {
  let calls = 0;
  const life = new AbortController();
  const died = () => {
    // What waits to try again dies too.
    life.abort(new Error('killed'));
    return life.signal.reason as Error;
  };
  const step = async <T>(run: () => Promise<T>): Promise<T> => {
    const at = calls++;
    if (at > deathAt || (at === deathAt && !isAfter)) throw died();
    const result = await run();
    if (at === deathAt) throw died();
    return result;
  };
  const of = tools.store;
  const store: Store & HoldWriter = {
    ...of,
    putIfAbsent: (...args) => step(() => of.putIfAbsent(...args)),
    extendLock: (...args) => step(() => of.extendLock(...args)),
    setHold: (...args) => step(() => of.setHold(...args)),
    hold: (...args) => step(() => of.hold(...args)),
    lock: (...args) => step(() => of.lock(...args)),
    read: (...args) => step(() => of.read(...args)),
    async *listVersions(...args) {
      await step(async () => {});
      yield* of.listVersions(...args);
    },
  };
  const signing = (signer: Signer): Signer => ({
    ...signer,
    sign: (...args) => step(() => signer.sign(...args)),
  });
  return {
    tools: { ...tools, store, signal: life.signal, signers: tools.signers.map(signing) },
    decider: { ...decider, signer: signing(decider.signer) },
    /** Whether it got so far. */
    hasDied: () => calls > deathAt,
  };
}
