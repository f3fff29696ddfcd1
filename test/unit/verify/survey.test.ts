// Which folders are chains, which objects are the archive's, and what of the rest is said?
import { describe, expect, it } from 'vitest';
import { formatKey, keyKey, sealKey } from '../../../src/format/paths.ts';
import type { ArchiveReader } from '../../../src/verify/archive-reader.ts';
import { FindingList } from '../../../src/verify/finding-list.ts';
import { chainFolder, surveyArchive } from '../../../src/verify/survey.ts';
import { LawlessArchive } from '../../support/lawless-archive.ts';

async function survey(...keys: readonly string[]) {
  const archive = new LawlessArchive();
  for (const key of keys) archive.put(key, new Uint8Array(1));
  const findings = new FindingList();
  const { chains, objects } = await surveyArchive(archive, findings, undefined);
  return {
    ...{ archive, findings, lists: archive.calls.lists },
    chains: chains.map(({ chain, partition }) => `${chain}/${partition}`),
    objects: objects.map(({ key }) => key),
    said: findings.list().map(({ code, key }) => `${code} ${key}`),
  };
}

describe('the folder of a chain', () => {
  it.each([
    ['seals/topic=a/partition=0/x', 'seals/topic=a/partition=0/'],
    ['data/topic=a.b_c-d/partition=2147483647/date=2026-01-01/x', 'data/topic=a.b_c-d/partition=2147483647/'],
    ['seals/topic=a/partition=10/', 'seals/topic=a/partition=10/'],
  ])('of %s', (key, prefix) => expect(chainFolder(key)?.prefix).toBe(prefix));

  it.each([
    ...['seals/topic=a/partition=01/x', 'seals/topic=a/partition=2147483648/x', 'seals/topic=a/partition=/x'],
    ...['seals/topic=/partition=0/x', 'seals/topic=../partition=0/x', 'seals/topic=a b/partition=0/x'],
    ...['x/seals/topic=a/partition=0/x', 'keys/topic=a/partition=0/x', 'seals/topic=a/partition=0'],
    ...[
      'seals/topic=a/b/partition=0/x',
      `seals/topic=${'a'.repeat(250)}/partition=0/x`,
      'seals/topic=a/partition=-1/x',
    ],
  ])('is not that of %s', (key) => expect(chainFolder(key)).toBeNull());
});

describe('a survey', () => {
  it('says which folders could not be listed, and leaves those of chains to their check', async () => {
    const findings = new FindingList();
    const reader = {
      // biome-ignore lint/correctness/useYield: nothing can be listed.
      async *listVersions(_: string, options?: { onUnlisted?: (key: string, error: Error) => void }) {
        for (const key of ['seals/topic=b/partition=1/x', 'keys/', 'data/topic=a/partition=0/'])
          options?.onUnlisted?.(key, new Error('EACCES'));
      },
    } as unknown as ArchiveReader;
    const { chains, objects } = await surveyArchive(reader, findings, undefined);
    expect(chains).toEqual([
      { chain: 'a', partition: 0 },
      { chain: 'b', partition: 1 },
    ]);
    expect(objects).toEqual([]);
    expect(findings.list()).toMatchObject([
      { code: 'unreadable', key: 'keys/', expected: 'a folder that can be listed', found: 'EACCES' },
    ]);
  });

  it('gives chains by name and number, and each once', async () => {
    const { chains, said } = await survey(
      ...[
        sealKey('b', 10, 0),
        sealKey('b', 9, 0),
        sealKey('b', 9, 1),
        sealKey('a', 0, 0),
        sealKey('B', 0, 0),
      ],
      'data/topic=b/partition=9/anything',
    );
    expect(chains).toEqual(['B/0', 'a/0', 'b/9', 'b/10']);
    // What lies in a chain's folder is for that chain's own check.
    expect(said).toEqual([]);
  });

  it('jumps over what lies in a chain’s folder, however much it is', async () => {
    const many = Array.from({ length: 500 }, (_, i) => sealKey('a', 0, i));
    expect((await survey(...many)).lists).toBe(2);
    expect((await survey(...many, sealKey('b', 0, 0))).lists).toBe(3);
  });

  it('goes on behind keys that sort after the jump', async () => {
    const odd = [
      'seals/topic=a/partition=0/~',
      'seals/topic=a/partition=0/\u{10000}',
      'seals/topic=a/partition=0/~~x',
    ];
    const { chains, lists } = await survey(...odd, sealKey('a', 0, 0), sealKey('c', 0, 0));
    expect(chains).toEqual(['a/0', 'c/0']);
    expect(lists).toBeLessThan(5);
  });

  it('takes keys and specifications, and calls all else foreign', async () => {
    const [key, format] = [keyKey('a'.repeat(64)), formatKey('b'.repeat(64))];
    const { objects, said } = await survey(key, format, 'readme.txt', 'seals/x', 'keys/x.vkey');
    expect(objects).toEqual([format, key]);
    expect(said.sort()).toEqual([
      'foreign-object keys/x.vkey',
      'foreign-object readme.txt',
      'foreign-object seals/x',
    ]);
  });

  it('takes a thousand of them, and calls more foreign', async () => {
    const keys = Array.from({ length: 1001 }, (_, i) => keyKey(i.toString(16).padStart(64, '0')));
    const { objects, said } = await survey(...keys);
    expect(objects).toHaveLength(1000);
    expect(said).toEqual([`foreign-object ${keys[1000]}`]);
  });

  it('takes none that has only delete markers, and says so of them', async () => {
    const archive = new LawlessArchive();
    archive.marker(keyKey('a'.repeat(64)));
    archive.marker('readme.txt');
    const findings = new FindingList();
    expect((await surveyArchive(archive, findings, undefined)).objects).toEqual([]);
    expect(findings.list().map(({ code, found }) => [code, found])).toEqual([
      ['delete-marker', 'a delete marker'],
      ['delete-marker', 'a delete marker'],
      ['foreign-object', 'delete markers'],
    ]);
  });
});
