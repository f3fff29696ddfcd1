// Which version of a key counts, and what is said of the others?
import { expect, it } from 'vitest';
import type { ArchiveVersion } from '../../../src/verify/archive-reader.ts';
import { FindingList } from '../../../src/verify/finding-list.ts';
import { addForeign, type ListedObject, listObjects } from '../../../src/verify/object-versions.ts';

const version = (key: string, versionId: string, change: Partial<ArchiveVersion> = {}): ArchiveVersion =>
  ({ key, versionId, size: 7, marker: false, ...change }) as ArchiveVersion;

async function listed(versions: readonly ArchiveVersion[]) {
  const findings = new FindingList();
  const objects: ListedObject[] = [];
  const all = (async function* () {
    yield* versions;
  })();
  for await (const object of listObjects(all, findings)) objects.push(object);
  return {
    objects: objects.map(({ key, oldest }) => [key, oldest?.versionId ?? null]),
    said: findings.list().map((one) => [one.code, one.key, one.versionId, one.expected, one.found]),
  };
}

it('a key with one version says nothing', async () => {
  expect(await listed([])).toEqual({ objects: [], said: [] });
  const omitsNone = version('a', 'a1', { newerOmitted: 0 });
  expect(await listed([omitsNone, version('b', 'b1')])).toEqual({
    objects: [
      ['a', 'a1'],
      ['b', 'b1'],
    ],
    said: [],
  });
});

it('delete markers are reported, and a key that has nothing else has no version', async () => {
  expect(await listed([version('a', 'm', { marker: true }), version('b', 'b1')])).toEqual({
    objects: [
      ['a', null],
      ['b', 'b1'],
    ],
    said: [['delete-marker', 'a', 'm', null, 'a delete marker']],
  });
});

it('versions that were not listed are counted', async () => {
  expect(await listed([version('a', 'a1', { newerOmitted: 1 })])).toEqual({
    objects: [['a', 'a1']],
    said: [['extra-version', 'a', null, 'one version', '1 newer versions and markers, not listed']],
  });
});

it('a foreign key says how large its object is, or that there are only delete markers', () => {
  const findings = new FindingList();
  addForeign(findings, { key: 'a', oldest: version('a', 'a1') }, 'a seal');
  addForeign(findings, { key: 'b', oldest: null }, 'a seal');
  expect(findings.list().map(({ versionId, expected, found }) => [versionId, expected, found])).toEqual([
    ['a1', 'a seal', '7 bytes'],
    [null, 'a seal', 'delete markers'],
  ]);
});
