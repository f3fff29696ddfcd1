// Does the oldest version of a key count (FORMAT.md 2.5), whatever lies beside it?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oldestVersion, oldestVersions } from '../../../src/format/oldest-version.ts';

type Listed = { readonly key: string; readonly marker: boolean; readonly size: number };

async function* listing(versions: readonly Listed[]): AsyncGenerator<Listed> {
  yield* versions;
}
async function all(versions: readonly Listed[]): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const version of oldestVersions(listing(versions))) found.push(version);
  return found;
}
const lister = (versions: readonly Listed[]) => ({
  listVersions: (prefix: string) => listing(versions.filter(({ key }) => key.startsWith(prefix))),
});
const version = (key: string, size: number): Listed => ({ key, marker: false, size });
const marker = (key: string): Listed => ({ key, marker: true, size: 0 });

/** In the order of a store: by key, and within a key as they came. */
const listed = fc
  .array(fc.record({ key: fc.constantFrom('a', 'a/b', 'b'), marker: fc.boolean(), size: fc.nat(3) }))
  .map((versions) => versions.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)));

describe('the version that counts', () => {
  it('is the oldest, and no delete marker', async () => {
    const versions = [
      marker('a'),
      version('a', 1),
      marker('a'),
      version('a', 2),
      marker('b'),
      version('c', 3),
    ];
    expect(await all(versions)).toEqual([version('a', 1), version('c', 3)]);
  });

  it('is not chosen by its size', async () => {
    expect(await oldestVersion(lister([version('a', 7), version('a', 5)]), 'a')).toEqual(version('a', 7));
  });

  it('is of that very key', async () => {
    expect(await oldestVersion(lister([version('a/b', 1)]), 'a')).toBeNull();
    expect(await oldestVersion(lister([marker('a'), version('a/b', 1)]), 'a')).toBeNull();
  });

  it('is asked for alone, under the signal of the caller', async () => {
    const asked: unknown[] = [];
    const noting = {
      listVersions: (...wanted: unknown[]) => {
        asked.push(wanted);
        return listing([]);
      },
    };
    const { signal } = new AbortController();
    await oldestVersion(noting, 'a', signal);
    await oldestVersion(noting, 'a');
    expect(asked).toStrictEqual([
      ['a', { exact: true, limit: 1, signal }],
      ['a', { exact: true, limit: 1 }],
    ]);
  });

  it('is one a key, in any listing', async () => {
    await fc.assert(
      fc.asyncProperty(listed, async (versions) => {
        const found = await all(versions);
        const keys = [...new Set(versions.map(({ key }) => key))];
        const expected = keys.flatMap((key) => {
          const [first] = versions.filter((one) => one.key === key && !one.marker);
          return first === undefined ? [] : [first];
        });
        expect(found).toEqual(expected);
        for (const key of ['a', 'a/b', 'b']) {
          const wanted = expected.find((one) => one.key === key) ?? null;
          expect(await oldestVersion(lister(versions), key)).toEqual(wanted);
        }
      }),
    );
  });
});
