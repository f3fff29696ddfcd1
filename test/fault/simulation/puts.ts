// What was sent to the store under each name, and what came of it? Checked as it happens.
import { toHex } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { parseKey } from '../../../src/format/paths.ts';
import type { Lock, PutOutcome } from '../../../src/store/store.ts';
import type { SimProcess } from './process.ts';
import type { SimWorld } from './world.ts';

export class Puts {
  readonly #world: SimWorld;
  /** By process and key: every retry repeats the same bytes. */
  readonly #asked = new Map<string, string>();
  /** Keys that an attacker wrote to or marked. */
  readonly attacked = new Set<string>();
  /** Somebody waits for a seal that is on its way to a name that is taken: told just before it arrives. */
  readonly ambushes: ((key: string) => void)[] = [];
  /** Everything that was stored, in order: what two runs of one seed are compared by. */
  readonly log: string[] = [];

  constructor(world: SimWorld) {
    this.#world = world;
  }

  asked(process: SimProcess, key: string, bytes: Uint8Array): void {
    const name = `${process.id} ${key}`;
    const sha256 = toHex(nodeSha256(bytes));
    const before = this.#asked.get(name);
    if (before !== undefined && before !== sha256)
      this.#world.problem(`${process.id} sends other bytes to ${key} than before`);
    if (before !== undefined) this.#world.count('put repeated');
    this.#asked.set(name, sha256);
    const parsed = parseKey(key);
    if (parsed?.kind === 'seal') process.between.delete(parsed.partition);
  }

  /** The request arrived, perhaps long after it was sent. */
  async landed(
    process: SimProcess,
    key: string,
    bytes: Uint8Array,
    lock: Lock,
    sha256: Uint8Array | undefined,
  ): Promise<PutOutcome> {
    const world = this.#world;
    const isTaken = world.store.versionsOf(key).at(-1)?.marker === false;
    if (isTaken && key.startsWith('seals/')) this.ambushes.pop()?.(key);
    const outcome = await world.store.putIfAbsent(key, bytes, lock, sha256 === undefined ? {} : { sha256 });
    const parsed = parseKey(key);
    if (parsed?.kind !== 'seal' && parsed?.kind !== 'data') {
      world.problem(`${process.id} writes ${key}`);
      return outcome;
    }
    if (outcome.kind === 'exists') {
      if (parsed.kind === 'seal' && process.isZombie) world.count('zombie refused');
      return outcome;
    }
    this.log.push(`${world.clock.monotonic()} ${process.id} ${key} ${toHex(nodeSha256(bytes))}`);
    if (parsed.kind === 'data') {
      if (!process.isDead) process.between.add(parsed.partition);
      return outcome;
    }
    const versions = world.store.versionsOf(key).filter(({ marker }) => !marker);
    if (versions[0]?.versionId !== outcome.versionId) {
      // Over a marker the PUT goes through, and the seal is the older one all the same.
      if (!this.attacked.has(key)) world.problem(`${key} was written twice`);
      world.count('second version over a marker');
      return outcome;
    }
    const ledger = world.ledgers[parsed.partition];
    if (ledger === undefined) world.problem(`${process.id} seals ${key} of no partition`);
    ledger?.sealed(process.id, bytes, world.clock.now());
    if (process.isZombie) world.count('zombie sealed');
    if (process.isDead) world.count('sealed by the dead');
    return outcome;
  }
}
