// Which seed is known to show each bug? One table, written by `npm run bugs -- --record`.
import { readFileSync, writeFileSync } from 'node:fs';
import { BUGS } from './bugs.ts';

const TABLE = new URL('./seeds.json', import.meta.url);

export const recordedSeeds = (): ReadonlyMap<string, number> =>
  new Map(Object.entries(JSON.parse(readFileSync(TABLE, 'utf8')) as Record<string, number>));

/** In the order of the bugs; a bug that is gone leaves the table. */
export function recordSeeds(seeds: ReadonlyMap<string, number>): void {
  const rows = BUGS.flatMap(({ name }) => (seeds.has(name) ? [[name, seeds.get(name)]] : []));
  writeFileSync(TABLE, `${JSON.stringify(Object.fromEntries(rows), null, 2)}\n`);
}
