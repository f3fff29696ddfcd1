// Does an import keep to the table of rooms?
import { posix } from 'node:path';
import { COMPUTED, type Import } from './imports.ts';
import { CROSSINGS, ROOMS, type Room } from './table.ts';

/** What other programs import stands beside the rooms, and is the library's. */
const ENTRY = 'index.ts';

/** `file`: below src, as `verify/node/tools.ts`. Throws where no room has that file. */
export function roomOf(file: string): Room {
  const within = file === ENTRY ? `library/${ENTRY}` : file;
  const [room] = ROOMS.filter(({ name }) => within.startsWith(`${name}/`)).sort(
    (a, b) => b.name.length - a.name.length,
  );
  if (room === undefined) throw new Error(`src/${file} lies in no room of the table`);
  return room;
}

/** Where a relative import leads, below src; `../package.json` for files beside it. */
export const targetOf = (file: string, specifier: string): string =>
  posix.normalize(posix.join(posix.dirname(file), specifier));

/** Why the import is forbidden, or null. */
export function forbidden(file: string, { specifier }: Import): string | null {
  const room = roomOf(file);
  if (specifier === COMPUTED)
    return room.rooms.includes('all') ? null : `${room.name} may not compute an import`;
  if (!specifier.startsWith('.')) {
    const isNode = specifier.startsWith('node:');
    const name = isNode ? 'node:' : packageOf(specifier);
    return room.packages.includes(name) ? null : `${room.name} may not import the package ${specifier}`;
  }
  const target = targetOf(file, specifier);
  if (CROSSINGS.some(({ from, to }) => from === file && to === target)) return null;
  if (target.startsWith('../')) return `${target} lies outside of src`;
  const { name, onlyFor } = target.startsWith('../') ? room : roomOf(target);
  if (name !== room.name && onlyFor?.includes(room.name) === false)
    return `${target} is for ${onlyFor.join(', ')} alone`;
  if (room.rooms.includes('all')) return null;
  if (name === room.name || room.rooms.includes(name) || room.rooms.includes(target)) return null;
  return `${room.name} may not import ${target}`;
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
