// Is any tree on a disk listed in the order of its keys, with any prefix, start and limit?
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { directoryStore } from '../../../src/store/directory.ts';
import { binary, keyOfBinary, realFiles } from '../../../src/store/directory-files.ts';
import { walk } from '../../../src/store/directory-walk.ts';
import { compareKeys } from '../../../src/store/key-bytes.ts';
import { fill, names } from '../../support/directory-tree.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ledgerstone-tree-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Trees whose names are made to tempt a sort by name: bytes just below and above the slash, beginnings of each other. */
const tree = fc
  .uniqueArray(
    fc
      .array(
        fc.string({
          unit: fc.constantFrom('a', 'b', '-', '.', '0', '!', 'é', '\uffee', '\u{10000}'),
          minLength: 1,
          maxLength: 2,
        }),
        { minLength: 1, maxLength: 4 },
      )
      .map((segments) => segments.map((segment) => (/^\.+$/.test(segment) ? 'a' : segment)).join('/')),
    { maxLength: 25 },
  )
  // A name is a file or a directory.
  .map((keys) => keys.filter((key) => !keys.some((other) => other.startsWith(`${key}/`))));

it('a directory is listed in the order of whole keys, with any prefix, start and limit, and however few names are held at once', async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(
      tree,
      fc.nat(),
      fc.nat(4),
      fc.integer({ min: 1, max: 4 }),
      async (keys, pick, cut, windowMax) => {
        const at = join(root, String(made++));
        await mkdir(at);
        await fill(at, keys);
        const store = directoryStore({ path: at });
        const sorted = keys.toSorted(compareKeys);
        expect(await names(store)).toEqual(sorted);
        const some = sorted[pick % Math.max(1, sorted.length)] ?? 'a';
        const prefix = some.slice(0, cut).replace(/[\ud800-\udbff]$/, '');
        for (const startAfter of [some, `${some}!`, some.slice(0, -1), dirname(some)].filter((text) =>
          text.isWellFormed(),
        )) {
          const expected = sorted.filter((key) => key.startsWith(prefix) && compareKeys(key, startAfter) > 0);
          expect(await names(store, prefix, { startAfter })).toEqual(expected);
          for (const limit of [1, 2])
            expect(await names(store, prefix, { startAfter, limit })).toEqual(expected.slice(0, limit));
        }
        const walked: string[] = [];
        for await (const { key } of walk(realFiles, binary(Buffer.from(at)), {
          prefix: binary(Buffer.from(prefix)),
          windowMax,
        })) {
          walked.push(keyOfBinary(key));
        }
        expect(walked).toEqual(sorted.filter((key) => key.startsWith(prefix)));
        await rm(at, { recursive: true });
      },
    ),
    { numRuns: 150 },
  );
});
