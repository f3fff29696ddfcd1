// What is said of keys and specifications, of their locks, and of what can't be read? (FORMAT.md 2.7)
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../src/base/bytes.ts';
import { Semaphore } from '../../../src/base/concurrency.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { governanceOrigin } from '../../../src/format/chain.ts';
import { formatKey, keyKey, parseKey } from '../../../src/format/paths.ts';
import { encodeVkey, spkiFingerprint } from '../../../src/format/vkey.ts';
import { checkArchiveObjects } from '../../../src/verify/archive-objects.ts';
import type { ArchiveLock } from '../../../src/verify/archive-reader.ts';
import { FindingList } from '../../../src/verify/finding-list.ts';
import type { Run } from '../../../src/verify/run.ts';
import type { ArchiveObject } from '../../../src/verify/survey.ts';
import { archiveKey, ORIGIN, START_MS, signer } from '../../support/archive-builder.ts';

const TEXT = utf8('# The format\n');
const FORMAT = formatKey(toHex(sha256(TEXT)));
const PRINT = spkiFingerprint(signer().publicKey, sha256);
const vkeyOf = (name: string, of = signer()) => `${encodeVkey(archiveKey(of, name))}\n`;
const locked = (mode: string, untilMs = START_MS): ArchiveLock => ({
  kind: 'locked',
  lock: { mode, untilMs },
});

type Words = {
  readonly bytes?: Uint8Array | Error;
  readonly lock?: ArchiveLock | Error;
  readonly origin?: string | null;
  readonly signal?: AbortSignal;
  readonly greatestLock?: Run['greatestLock'];
  readonly key?: string;
  /** How many times it is there, under other versions. */
  readonly times?: number;
};

async function checked(words: Words) {
  const { bytes = TEXT, lock = locked('COMPLIANCE'), origin = ORIGIN, key = FORMAT, times = 1 } = words;
  const [asked, findings] = [[] as unknown[], new FindingList()];
  const answer = <Value>(value: Value | Error): Value => {
    if (value instanceof Error) throw value;
    return value;
  };
  const reader = {
    read: async (...args: unknown[]) => {
      asked.push(args);
      return answer(bytes);
    },
    lock: async (...args: unknown[]) => {
      asked.push(args);
      return answer(lock);
    },
  };
  const { signal, greatestLock = null } = words;
  const run = {
    reader,
    reads: new Semaphore(1),
    signal,
    greatestLock,
    sha256,
    nowMs: START_MS,
  } as unknown as Run;
  const objects = Array.from({ length: times }, (_, at) => ({
    ...{ key, parsed: parseKey(key) },
    version: { key, versionId: `v${at}`, marker: false, size: 1, lastModifiedMs: START_MS },
  })) as ArchiveObject[];
  await checkArchiveObjects(objects, origin, run, findings);
  return { asked, found: findings.list() };
}
const place = { key: FORMAT, versionId: 'v0', sequence: null };

it('an object is read and its lock asked for, once each', async () => {
  const { signal } = new AbortController();
  const { asked, found } = await checked({ signal });
  expect(found).toEqual([]);
  const maxBytes = 4 * 1024 * 1024;
  expect(asked).toEqual([
    [FORMAT, 'v0', { maxBytes, signal }],
    [FORMAT, 'v0', signal],
  ]);
  expect((await checked({})).asked).toEqual([
    [FORMAT, 'v0', { maxBytes }],
    [FORMAT, 'v0', undefined],
  ]);
});

describe('a lock', () => {
  it.each<[string, ArchiveLock, object]>([
    ['that is not there', { kind: 'none' }, { ...place, code: 'lock-missing' }],
    ['of another mode', locked('GOVERNANCE'), { ...place, code: 'mode-not-compliance' }],
    ['without an end', { kind: 'none', eventHold: 'held' }, { ...place, code: 'retention-long' }],
  ])('%s is a finding of each object', async (_, lock, finding) => {
    const { found } = await checked({ lock, times: 2 });
    expect(found[0]).toMatchObject(finding);
    expect(found.filter(({ versionId }) => versionId === 'v1').length).toBe(found.length / 2);
  });

  it('that is too long is a finding', async () => {
    const lock = locked('COMPLIANCE', START_MS + 3 * 86_400_000);
    const { found } = await checked({ lock, greatestLock: { months: 0, ms: 86_400_000 } });
    expect(found).toMatchObject([{ ...place, code: 'retention-long' }]);
  });

  it.each(['not-applicable', 'not-permitted'] as const)(
    'where the store says %s, it is said once',
    async (kind) => {
      const { found } = await checked({ lock: { kind }, times: 3 });
      expect(found).toMatchObject([{ code: `locks-${kind}`, key: null, versionId: null }]);
    },
  );

  it('that can not be read is a finding, beside bytes that can', async () => {
    const { found } = await checked({ lock: new Error('gone') });
    expect(found).toMatchObject([{ ...place, code: 'unreadable' }]);
  });
});

describe('bytes', () => {
  it('that can not be read are a finding, and the same of its lock is not said twice', async () => {
    expect((await checked({ bytes: new Error('gone') })).found).toMatchObject([
      { ...place, code: 'unreadable' },
    ]);
    const both = await checked({ bytes: new Error('gone'), lock: new Error('gone too') });
    expect(both.found.map(({ code }) => code)).toEqual(['unreadable']);
    const without = await checked({ bytes: new Error('gone'), lock: { kind: 'none' } });
    expect(without.found.map(({ code }) => code)).toEqual(['unreadable', 'lock-missing']);
  });

  it('that are altered show by their hash', async () => {
    const { found } = await checked({ bytes: utf8('other') });
    expect(found).toMatchObject([
      {
        ...{ ...place, code: 'data-altered', expected: toHex(sha256(TEXT)) },
        found: toHex(sha256(utf8('other'))),
      },
    ]);
  });

  it('end the check where it was aborted', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    for (const words of [{ bytes: new Error('gone') }, { lock: new Error('gone') }])
      await expect(checked({ ...words, signal })).rejects.toThrow('stopped');
    // Only what was thrown asks whether it was.
    expect((await checked({ signal })).found).toEqual([]);
  });
});

describe('a key', () => {
  const key = keyKey(PRINT);
  const other = spkiFingerprint(signer('other').publicKey, sha256);
  const governance = governanceOrigin(ORIGIN);
  it.each<[string, string, string | null, object | null]>([
    ['of the archive', vkeyOf(ORIGIN), ORIGIN, null],
    ['of its governance chain', vkeyOf(governance), ORIGIN, null],
    ['of any name, where the archive has no chain', vkeyOf('x'), null, null],
    [
      'of another archive',
      vkeyOf('x'),
      ORIGIN,
      { code: 'malformed', expected: `a key of ${ORIGIN}`, found: 'one of x' },
    ],
    [
      ...(['that is another', vkeyOf(ORIGIN, signer('other')), ORIGIN] as const),
      { code: 'data-altered', expected: `the key ${PRINT}`, found: other },
    ],
    [
      ...(['without its LF', vkeyOf(ORIGIN).trimEnd(), ORIGIN] as const),
      { code: 'malformed', expected: 'one vkey and LF', found: vkeyOf(ORIGIN).trimEnd() },
    ],
    [
      'with more behind it',
      `${vkeyOf(ORIGIN)}\n`,
      ORIGIN,
      { code: 'malformed', expected: 'one vkey and LF' },
    ],
    [
      ...(['that is none', 'hello', ORIGIN] as const),
      { code: 'malformed', expected: 'one vkey and LF', found: 'not a vkey: name+8 hex digits+base64' },
    ],
  ])('%s', async (_, text, origin, finding) => {
    const { found } = await checked({ key, bytes: utf8(text), origin });
    expect(found).toMatchObject(finding === null ? [] : [{ ...finding, key, versionId: 'v0' }]);
  });

  it('that is no UTF-8', async () => {
    const { found } = await checked({ key, bytes: Uint8Array.of(0xff) });
    expect(found).toMatchObject([{ code: 'malformed', expected: 'one vkey and LF' }]);
  });

  it('that can not be read for a reason with a code of its own says it', async () => {
    const large = new LedgerstoneError('too-large', 'more than 4 MiB');
    const { found } = await checked({ key, bytes: large, lock: new Error('gone') });
    expect(found.map(({ expected }) => expected)).toHaveLength(found.length);
    expect(found[0]?.found).toContain('more than 4 MiB');
  });
});
