// What do producers, retention and the brokers' own troubles do to a partition's log?
import type { Dice } from './dice.ts';
import type { Ledger } from './ledger.ts';
import { RECORD_BYTES_MAX, TOPIC, VALUE_BYTES_MAX } from './setting.ts';
import type { SimWorld } from './world.ts';

/** Values that are JSON, text and neither; keys and headers at times. No two records are alike. */
function newRecord(world: SimWorld, dice: Dice, partition: number) {
  const { high } = world.log(partition).range;
  const { replaced = 0 } = world.ledgers[partition] ?? {};
  const text = `"${partition}/${high}/${replaced}/${dice.below(1e6)}"`;
  const pad = 'x'.repeat(dice.below(Math.max(1, dice.pick([1, 40, VALUE_BYTES_MAX - text.length - 8]))));
  const value = dice.pick([
    `{"n":${text},"pad":"${pad}"}`,
    `no json ${text}`,
    new Uint8Array([0xff, 0x00, ...Buffer.from(text)]),
  ]);
  return {
    value,
    key: dice.chance(0.3) ? `k${high}` : null,
    headers: dice.chance(0.2)
      ? ([
          ['trace', `${high}`],
          ['trace', null],
        ] as const)
      : [],
    ...(dice.chance(0.2) ? { timestampType: 'append' as const } : {}),
  };
}

function changed(world: SimWorld, partition: number): void {
  world.ledgers[partition]?.sync(world.log(partition), world.broker.topicId(TOPIC));
}

export function append(world: SimWorld, dice: Dice, partition: number): void {
  for (let left = dice.between(1, dice.pick([2, 6, 14])); left > 0; left--)
    world.log(partition).append(newRecord(world, dice, partition));
  changed(world, partition);
}

/** It ends after a while, one way or the other; other producers write meanwhile. */
export function openTransaction(world: SimWorld, dice: Dice, partition: number): void {
  const log = world.log(partition);
  const transaction = log.begin();
  for (let left = dice.below(4); left >= 0; left--) transaction.append(newRecord(world, dice, partition));
  const end = () => {
    // Its topic is gone. (The end of a log that is lost holds no transaction: see truncate.)
    if (world.log(partition) !== log) return;
    if (commits) transaction.commit();
    else transaction.abort();
    world.count(commits ? 'transaction committed' : 'transaction aborted');
    changed(world, partition);
  };
  const commits = dice.chance(0.5);
  if (dice.chance(0.5)) end();
  else void world.clock.sleep(dice.between(50, 4_000)).then(end);
  changed(world, partition);
}

/** Retention that takes only what is sealed. */
export function expire(world: SimWorld, dice: Dice, partition: number): boolean {
  const ledger = world.ledgers[partition];
  if (ledger === undefined || ledger.nextOffset <= 0) return false;
  // Of a log that was replaced the anchor must be left, or nobody could tell: FORMAT.md promises no more.
  if (ledger.replaced > 0) return false;
  world.log(partition).expire(Math.min(dice.between(1, ledger.nextOffset), world.log(partition).stable));
  return true;
}

/** Retention that is too short, or somebody's DeleteRecords. */
export function expireUnsealed(world: SimWorld, dice: Dice, partition: number): boolean {
  const log = world.log(partition);
  if ((world.ledgers[partition]?.replaced ?? 0) > 0) return false;
  const unsealed = Math.max(world.ledgers[partition]?.nextOffset ?? 0, log.range.low);
  const stable = log.stable;
  if (stable <= unsealed) append(world, dice, partition);
  const low = dice.between(unsealed, log.stable);
  log.expire(low);
  world.ledgers[partition]?.expired(low);
  return low > unsealed;
}

/**
 * An unclean election: the end of the log never happened. Sometimes others write there at once, and sometimes the leader that
 * lost its office is asked for a while longer, and tells of what never was.
 */
export function truncate(world: SimWorld, dice: Dice, partition: number): boolean {
  const log = world.log(partition);
  const ledger = world.ledgers[partition];
  const { low, high } = log.range;
  if (ledger === undefined || high === low) return false;
  const cut = Math.max(low, high - dice.between(1, 12));
  // Nothing but records, or the archive's last record could not tell: docs/security.md says what an anchor shows.
  if (log.cells().some(({ offset, kind }) => offset >= cut && kind !== 'record')) return false;
  const election = ledger.lose(cut);
  const hear = () => {
    world.broker.elect('an unclean election');
    election.heardMs ??= world.clock.monotonic();
  };
  const unheardMs = dice.pick([0, 0, 200, 1_500, 6_000]);
  log.truncate(cut, unheardMs > 0);
  if (cut < ledger.nextOffset) world.count('truncated below the head');
  if (dice.chance(0.5)) append(world, dice, partition);
  if (unheardMs === 0) hear();
  else void world.clock.sleep(unheardMs).then(hear);
  return true;
}

/** The same name, and another topic. */
export function recreate(world: SimWorld, dice: Dice, _partition: number): boolean {
  // As above: where no record was sealed, aborted ones are nothing that a topic without an id could be told by.
  const isNameless = ({ cells, seals }: Ledger) =>
    seals.every(({ manifest }) => manifest.records.count === 0) &&
    [...cells.values()].some(({ kind }) => kind !== 'record');
  if (!world.setting.broker.topicIds && world.ledgers.some(isNameless)) return false;
  const before = world.ledgers.map(({ partition }) => world.log(partition).range.high);
  world.broker.recreateTopic(TOPIC);
  if (!world.setting.broker.topicIds) world.count('recreated without an id');
  for (const { partition } of world.ledgers) {
    const ledger = world.ledgers[partition];
    ledger?.cut(0);
    // With more records than the old one had, reading goes on in it as if nothing were.
    if (dice.chance(0.5)) {
      const high = before[partition] ?? 0;
      while (world.log(partition).range.high < high) append(world, dice, partition);
    }
    if (dice.chance(0.7)) append(world, dice, partition);
    if (dice.chance(0.5)) append(world, dice, partition);
  }
  return true;
}

/** Offsets vanish, and nothing explains it. Only what is unsealed: what is sealed is nobody's worry. */
export function compact(world: SimWorld, dice: Dice, partition: number): boolean {
  const log = world.log(partition);
  const ledger = world.ledgers[partition];
  append(world, dice, partition);
  append(world, dice, partition);
  const unsealed = log.records().filter(({ offset }) => offset >= (ledger?.nextOffset ?? 0));
  // Compaction never takes the newest record.
  unsealed.pop();
  const goes = new Set(unsealed.filter(() => dice.chance(0.3)).map(({ offset }) => offset));
  if (goes.size === 0) return false;
  log.compact((offset) => goes.has(offset));
  for (const offset of goes) ledger?.lost.set(offset, 'compacted');
  // What is held and sealed later is an anchor that the log does not have any more.
  ledger?.excuses.add('hole').add('topic-replaced');
  return true;
}

export function poison(world: SimWorld, dice: Dice, partition: number): void {
  const offset = world.log(partition).appendPoison();
  changed(world, partition);
  world.ledgers[partition]?.lost.set(offset, 'poison');
  world.ledgers[partition]?.excuses.add('undecodable');
  append(world, dice, partition);
}

export function large(world: SimWorld, dice: Dice, partition: number): void {
  const offset = world
    .log(partition)
    .append({ value: `"${'y'.repeat(RECORD_BYTES_MAX + dice.below(500))}"` });
  changed(world, partition);
  world.ledgers[partition]?.lost.set(offset, 'too large');
  world.ledgers[partition]?.excuses.add('record-too-large');
  append(world, dice, partition);
}
