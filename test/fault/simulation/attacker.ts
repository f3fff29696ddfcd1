// What can somebody with rights on the bucket do to an archive? All that S3 lets them, at the worst keys.
import { sealKey, sealPrefix } from '../../../src/format/paths.ts';
import type { Dice } from './dice.ts';
import { TOPIC } from './setting.ts';
import type { SimWorld } from './world.ts';

const FORGED = new TextEncoder().encode('forged');

/** An object of the archive, or undefined. Seals and data alike, the newest more often. */
function target(world: SimWorld, dice: Dice): string | undefined {
  const isStored = (key: string) => world.store.versionsOf(key).some(({ marker }) => !marker);
  const keys = world.store
    .keys()
    .filter((key) => (key.startsWith('seals/') || key.startsWith('data/')) && isStored(key));
  return dice.chance(0.5) ? dice.pick(keys) : dice.pick(keys.slice(-4));
}

function attack(world: SimWorld, key: string | undefined, how: (key: string) => void): boolean {
  if (key === undefined) return false;
  world.puts.attacked.add(key);
  world.note(`the attacker is at ${key}`);
  how(key);
  return true;
}

export const hide = (world: SimWorld, key: string): boolean =>
  attack(world, key, (at) => world.store.attacker.addMarker(at));

/** Upon what is there, or upon the name of the next seal, which is not. */
export function plantMarker(world: SimWorld, dice: Dice, partition: number): boolean {
  const { seals } = world.ledgers[partition] ?? { seals: [] };
  const isAhead = dice.chance(0.3);
  if (isAhead) {
    world.count('marker over the next seal');
    // Where nothing was begun, a marker looks like a chain that somebody hid.
    if (seals.length === 0) world.ledgers[partition]?.excuses.add('seal-hidden');
  }
  const key = isAhead ? sealKey(TOPIC, partition, seals.length) : target(world, dice);
  return attack(world, key, (at) => world.store.attacker.addMarker(at));
}

/** A marker at the worst moment: the next writer who would have found the name taken finds it free. */
export function ambush(world: SimWorld): void {
  world.puts.ambushes.push((key) => {
    if (!world.calm && attack(world, key, (at) => world.store.attacker.addMarker(at)))
      world.count('marker before a fence');
  });
}

export const plantForged = (world: SimWorld, dice: Dice): boolean =>
  attack(world, target(world, dice), (key) => world.store.attacker.putVersion(key, FORGED));

/** The very bytes, as a newer version without a lock. */
export const equalKeys = (world: SimWorld, dice: Dice): boolean =>
  attack(world, target(world, dice), (key) => {
    const bytes = world.store.versionsOf(key).find(({ marker }) => !marker)?.bytes;
    if (bytes !== undefined) world.store.attacker.putVersion(key, bytes);
  });

export function plantForeign(world: SimWorld, dice: Dice, partition: number): boolean {
  const prefix = sealPrefix(TOPIC, partition);
  const key = dice.pick([
    `${prefix}zzz`,
    `${prefix}000`,
    'data/readme.txt',
    'seals/topic=orders/junk',
    'junk',
  ]);
  if (world.ledgers[partition]?.seals.length === 0) world.ledgers[partition]?.excuses.add('seal-hidden');
  return attack(world, key, (at) => world.store.attacker.putVersion(at, FORGED));
}

/** The next seal's name is taken: the chain can't go on, and has to say so. */
export function squat(world: SimWorld, dice: Dice, partition: number): boolean {
  const ledger = world.ledgers[partition];
  if (ledger === undefined || ledger.squatted) return false;
  const key = sealKey(TOPIC, partition, ledger.seals.length);
  // The product's own may be there and not be one of the chain, by an earlier attack.
  if (world.store.versionsOf(key).some(({ marker }) => !marker)) return false;
  ledger.squatted = true;
  ledger.excuses.add('seal-invalid');
  return attack(world, key, (at) => {
    world.store.attacker.putVersion(at, FORGED);
    if (dice.chance(0.5)) world.store.attacker.addMarker(at);
  });
}
