// Is a frozen vector still what it was? The SHA-256 of each, in a list that only grows.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARCHIVES_FOLDER } from './archive-vector.ts';
import { readObjectVectors } from './object-vector.ts';

const PINS_FILE = join(import.meta.dirname, 'SHA256SUMS');

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** By name: an archive's file as it is, an object's vector as JSON.stringify gives it again. */
export function listed(): Map<string, string> {
  const pins = new Map<string, string>();
  for (const name of readdirSync(ARCHIVES_FOLDER).sort()) {
    pins.set(`archives/${name}`, sha256(readFileSync(join(ARCHIVES_FOLDER, name))));
  }
  for (const vector of readObjectVectors()) pins.set(`objects.json#${vector.name}`, sha256(JSON.stringify(vector)));
  return pins;
}

export const readPins = (): Map<string, string> =>
  new Map(
    (existsSync(PINS_FILE) ? readFileSync(PINS_FILE, 'utf8') : '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );

export const writePins = (pins: ReadonlyMap<string, string>): void =>
  writeFileSync(PINS_FILE, [...pins].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, sum]) => `${sum}  ${name}\n`).join(''));
