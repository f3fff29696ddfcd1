// Are a key's versions put oldest first, whatever stands between them and however many they are?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyVersions, type Listed } from '../../../src/store/key-versions.ts';

/** The true history of a key: versions and markers, oldest first, each at or after the one before. */
const history = fc
  .array(fc.record({ marker: fc.boolean(), after: fc.integer({ min: 0, max: 2 }) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((steps) => {
    let seconds = 0;
    return steps.map(({ marker, after }, index): Listed => {
      seconds += after;
      const latest = index === steps.length - 1;
      return {
        key: 'k',
        versionId: `${index}`,
        marker,
        size: marker ? 0 : 1,
        lastModifiedMs: seconds * 1000,
        latest,
      };
    });
  });

/** As the SDK hands them over: two arrays, newest first. */
function fed(entries: readonly Listed[], keepMax?: number): KeyVersions {
  const key = new KeyVersions('k', keepMax);
  for (const marker of [false, true]) {
    for (const entry of entries.toReversed()) if (entry.marker === marker) key.add(entry);
  }
  return key;
}

describe('oldestFirst', () => {
  it('keeps the order among versions and among markers, and of both where the time differs', () => {
    fc.assert(
      fc.property(history, (entries) => {
        const found = fed(entries).oldestFirst();
        expect(found).toHaveLength(entries.length);
        for (const marker of [false, true]) {
          const ids = (list: readonly { marker: boolean; versionId: string }[]) =>
            list.filter((entry) => entry.marker === marker).map(({ versionId }) => versionId);
          expect(ids(found)).toEqual(ids(entries));
        }
        const times = found.map(({ lastModifiedMs }) => lastModifiedMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(found.every((entry) => !('latest' in entry))).toBe(true);
      }),
    );
  });

  it('puts a marker that is the current one last, also where its time is that of the version below', () => {
    // versitygw 1.8 makes the file of the version into the marker, with its time, and copies the version.
    const key = { key: 'k', size: 0 };
    const version = { ...key, versionId: 'v', marker: false, lastModifiedMs: 2000, latest: false };
    const marker = { ...key, versionId: 'm', marker: true, lastModifiedMs: 1000, latest: true };
    expect(
      fed([version, marker])
        .oldestFirst()
        .map(({ versionId }) => versionId),
    ).toEqual(['v', 'm']);
  });

  it('puts a marker after the version of its second, unless that version is the current one', () => {
    const entry = (versionId: string, marker: boolean, latest: boolean): Listed => ({
      key: 'k',
      versionId,
      marker,
      size: 0,
      lastModifiedMs: 1000,
      latest,
    });
    const ids = (...entries: Listed[]) =>
      fed(entries)
        .oldestFirst()
        .map(({ versionId }) => versionId);
    expect(ids(entry('v', false, false), entry('m', true, true))).toEqual(['v', 'm']);
    expect(ids(entry('m', true, false), entry('v', false, true))).toEqual(['m', 'v']);
    expect(ids(entry('v1', false, false), entry('m', true, false), entry('v2', false, true))).toEqual([
      'v1',
      'm',
      'v2',
    ]);
  });

  it('keeps the oldest versions and the oldest markers, and counts what it leaves out on the last', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 8 }), (entries, keepMax) => {
        const found = fed(entries, keepMax).oldestFirst();
        for (const marker of [false, true]) {
          const expected = entries.filter((entry) => entry.marker === marker).slice(0, keepMax);
          expect(found.filter((entry) => entry.marker === marker).map(({ versionId }) => versionId)).toEqual(
            expected.map(({ versionId }) => versionId),
          );
        }
        const omitted = entries.length - found.length;
        expect(found.at(-1)?.newerOmitted).toBe(omitted === 0 ? undefined : omitted);
        expect(found.slice(0, -1).every((entry) => entry.newerOmitted === undefined)).toBe(true);
      }),
    );
  });
});
