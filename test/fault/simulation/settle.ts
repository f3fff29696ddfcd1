// Does the world come to rest once trouble is over? All that Kafka has is sealed, or a partition says why not.
import type { HaltCode } from '../../../src/archiver/chain/halt.ts';
import type { Pipeline } from '../../../src/archiver/pipeline.ts';
import { notReadyReasons } from '../../../src/archiver/status.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { Dice } from './dice.ts';
import { linesOf } from './lines.ts';
import { giveUp, haltedActors } from './operator.ts';
import { append } from './producers.ts';
import { TOPIC } from './setting.ts';
import type { SimWorld } from './world.ts';

/** Decisions on one place of one partition: each one that goes through moves its head on, and holes there may be many. */
const DECISIONS_MAX = 40;
/** Backoffs end after 30 s at most, ranges hold for 30 s, decisions are looked for every 15 s. */
const QUIET_MS_MAX = 300_000;
const POLL_MS = 500;
/** A halt that lasts so long does not go away by itself: what is only a stale view ends with the next look. */
const HALT_MS = 20_000;
/** Such a halt is an answer about one record, and final. */
const ABOUT_RECORDS: ReadonlySet<string> = new Set(['hole', 'undecodable', 'record-too-large']);
const ABOUT_RECORDS_MS = 1_500;
/** A gap is not what these want: a restart cures them, or nothing does. */
const RESTART: ReadonlySet<string> = new Set(['replay', 'disorder', 'hole']);

export async function settle(world: SimWorld): Promise<void> {
  mend(world);
  const restarted = new Set<number>();
  /** The operator was told that the log is another one now: nothing is to be decided. */
  const hopeless = new Set<number>();
  const decisions = new Map<number, { readonly place: number; count: number }>();
  for (;;) {
    await untilQuiet(world);
    const open = world.ledgers.filter(({ partition }) => !isSealed(world, partition));
    if (open.length === 0) return;
    let acted = false;
    for (const { partition, excuses, replaced, nextOffset: place } of open) {
      const [actor] = haltedActors(world, partition);
      if (actor?.halt == null) {
        if (waitsForAnchor(world, partition)) world.count('anchor unread');
        else reportStuck(world, partition);
        continue;
      }
      const { halt } = actor;
      world.count(`halted ${halt.code}`);
      if (!excuses.has(halt.code)) {
        world.problem(`${partition} halted without a reason: ${halt.code} (${halt.message})`);
        continue;
      }
      const before = decisions.get(partition);
      const count = before?.place === place ? before.count : 0;
      if (count >= DECISIONS_MAX) world.problem(`${partition} halts again and again: ${halt.message}`);
      else if (RESTART.has(halt.code) && !restarted.has(partition)) {
        restarted.add(partition);
        for (const process of world.alive()) process.kill('by its operator');
        acted = true;
        break;
      } else if (halt.gap !== null && !hopeless.has(partition)) {
        decisions.set(partition, { place, count: count + 1 });
        const refused = await world.clock.run(giveUp(world, partition, halt), QUIET_MS_MAX);
        if (refused !== null && replaced > 0) hopeless.add(partition);
        if (refused?.halt != null) {
          if (!excuses.has(refused.halt))
            world.problem(`${partition} is refused without a reason: ${refused.message}`);
          hopeless.add(partition);
        }
        acted = true;
      }
    }
    if (!acted) return;
  }
}

/** All that was broken works again; what was open ends. */
function mend(world: SimWorld): void {
  world.note('trouble is over');
  world.calm = true;
  world.moments.length = 0;
  Object.assign(world.services, { storeDown: false, kmsDown: false, throttled: false });
  world.broker.down = false;
  const dice = new Dice(world.seed, 'settle');
  for (const process of world.alive()) process.mend();
  for (const { partition } of world.ledgers) {
    world.broker.release(TOPIC, partition);
    world.broker.driftNext(TOPIC, partition, 0);
    // What a position jumped over shows once something follows.
    append(world, dice, partition);
  }
  // Partitions that came are seen with a rebalance; and every archiver is there again.
  world.rebalance();
  world.start();
}

/** Until nothing moves any more: everything is sealed, or halted for long. */
async function untilQuiet(world: SimWorld): Promise<void> {
  const { clock } = world;
  const endMs = clock.monotonic() + QUIET_MS_MAX;
  const haltedSince = new Map<number, { code: HaltCode; atMs: number }>();
  while (clock.monotonic() < endMs) {
    await clock.advance(POLL_MS);
    const waiting = world.ledgers.filter((ledger) => {
      const { partition, replaced } = ledger;
      if (isSealed(world, partition)) return false;
      const [actor] = haltedActors(world, partition);
      if (actor?.halt == null) {
        haltedSince.delete(partition);
        // A log that was replaced is noticed when something comes.
        if (replaced > 0 && clock.monotonic() % 20_000 < POLL_MS)
          append(world, new Dice(world.seed, 'more', Math.round(clock.monotonic())), partition);
        return true;
      }
      const since = haltedSince.get(partition);
      const lastsMs = ABOUT_RECORDS.has(actor.halt.code) ? ABOUT_RECORDS_MS : HALT_MS;
      // A decision that was taken is seen within 15 s.
      if (actor.halt.gap !== null && actor.halt.gap.to <= ledger.nextOffset) return true;
      if (since?.code === actor.halt.code) return clock.monotonic() - since.atMs < lastsMs;
      haltedSince.set(partition, { code: actor.halt.code, atMs: clock.monotonic() });
      return true;
    });
    if (waiting.length === 0 && world.onTheWay === 0) return;
  }
}

/** Everything is in the archive, and it is what Kafka has. */
export function isSealed(world: SimWorld, partition: number): boolean {
  const ledger = world.ledgers[partition];
  if (ledger === undefined || ledger.nextOffset < world.log(partition).range.high) return false;
  return ledger.replaced === 0 || ledger.agrees(linesOf(world, partition).lines);
}

/**
 * Where a sealed record lay, nothing can be read: nobody can say that the log is the same one. It may wait for
 * ever, but not in silence.
 */
export function waitsForAnchor(world: SimWorld, partition: number): boolean {
  const cells = world.ledgers[partition]?.cells ?? new Map();
  const sealed = world.ledgers[partition]?.nextOffset ?? 0;
  if (![...cells].some(([offset, { kind }]) => kind === 'poison' && offset < sealed)) return false;
  const holders = world
    .alive()
    .flatMap(({ pipeline }) =>
      (pipeline?.actors ?? [])
        .filter(({ route }) => route.partition.partition === partition)
        .map(({ trouble }) => ({ trouble, reasons: notReadyReasons(pipeline as Pipeline, world.clock) })),
    );
  return (
    holders.length > 0 &&
    holders.every(({ trouble, reasons }) => {
      const error = trouble?.error;
      const isAnchor = error instanceof LedgerstoneError && error.code === 'anchor-unread';
      return isAnchor && reasons.some((reason) => reason.includes(error.message));
    })
  );
}

function reportStuck(world: SimWorld, partition: number): void {
  const { high } = world.log(partition).range;
  const sealed = world.ledgers[partition]?.nextOffset;
  const states = world
    .alive()
    .flatMap((process) =>
      (process.pipeline?.actors ?? [])
        .filter(({ route }) => route.partition.partition === partition)
        .map(({ state, trouble }) => `${process.id} ${state}${trouble === null ? '' : ` ${trouble.error}`}`),
    );
  world.problem(
    `${partition} is sealed up to ${sealed} of ${high}, and nothing moves: ${states.join(', ') || 'nobody has it'}`,
  );
}
