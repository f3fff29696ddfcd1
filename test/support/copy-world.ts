// A source with chains, decisions, locks and holds, and an empty store to copy it into.
import { createHash } from 'node:crypto';
import type { CopyTools } from '../../src/copy/copy-object.ts';
import { copyObjects } from '../../src/copy/copy-objects.ts';
import { requireSameArchive } from '../../src/copy/same-archive.ts';
import { archiveScope, type ChainBound } from '../../src/copy/scope.ts';
import { START_MS, YEAR_MS } from './archive-builder.ts';
import { governedArchive } from './effect-world.ts';
import { memoryStore } from './memory-store.ts';

/** As `governedArchive` of effect-world has them. */
export const BOUNDS: readonly ChainBound[] = [
  { chain: 'orders', partition: 0, size: 6 },
  { chain: 'orders', partition: 1, size: 3 },
];
export const DATE_MS = START_MS + 2 * YEAR_MS;

export async function copyWorld() {
  const governed = await governedArchive();
  const { store: from, clock } = governed;
  const to = memoryStore({ clock });
  const troubles: unknown[] = [];
  const tools = (change: Partial<CopyTools> = {}): CopyTools => ({
    ...{ from, to, dateMs: null, clock, random: () => 0, signal: new AbortController().signal },
    onTrouble: (error) => troubles.push(error),
    ...change,
  });
  const copy = async (change: Partial<CopyTools> = {}, bounds: readonly ChainBound[] = BOUNDS) => {
    const given = tools(change);
    await requireSameArchive(given.from, given.to, given.signal);
    return copyObjects(given, archiveScope(bounds));
  };
  /** What belongs to a copy, but for the decisions. */
  const own = () =>
    from
      .keys()
      .filter(
        (key) => !key.includes('ledgerstone.governance') && /^(?:FORMAT-|data\/|keys\/|seals\/)/.test(key),
      );
  const at = (store: typeof to, key: string) => store.versionsOf(key).find(({ marker }) => !marker);
  /** Keys that are not in the copy with the same bytes, at least the source's lock, and its hold. */
  const wrong = () =>
    own().filter((key) => {
      const [a, b] = [at(from, key), at(to, key)];
      if (a === undefined || b === undefined || Buffer.compare(a.bytes, b.bytes) !== 0) return true;
      const isShort = a.lock !== null && (b.lock === null || b.lock.untilMs < a.lock.untilMs);
      return isShort || (a.isHeld && !b.isHeld);
    });
  const list = () => {
    const hash = createHash('sha256');
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    for (const key of own().sort()) hash.update(`${key} ${sha256(at(from, key)!.bytes)}\n`);
    return hash.digest('hex');
  };
  return { ...governed, from, to, troubles, copyTools: tools, copy, own, at, wrong, list };
}

export type CopyWorld = Awaited<ReturnType<typeof copyWorld>>;
