// Are lists of versions right whatever pages a server cuts them into, and do lies of a server end in an error?
import { describe, expect, it } from 'vitest';
import {
  failure,
  listPage,
  openStub,
  type StubAnswer,
  type StubRequest,
  type StubVersion,
} from './store-stub.ts';
import { all, collect } from './store-suite.ts';

/** A true S3 over these versions (keys with the prefix, newest first within a key), in pages of that size. */
function pagesOf(versions: readonly StubVersion[], size: number) {
  return ({ query }: StubRequest): StubAnswer => {
    const [key, id] = [query.get('key-marker'), query.get('version-id-marker')];
    let from = 0;
    if (key !== null) {
      const at = versions.findIndex((version) => version.key === key && version.id === id);
      from = at >= 0 ? at + 1 : versions.filter((version) => version.key <= key).length;
    }
    const page = versions.slice(from, from + size);
    const last = page.at(-1);
    return listPage(page, from + size < versions.length && last !== undefined ? last : undefined);
  };
}

const second = (n: number) => new Date(Date.UTC(2026, 10, 23) + n * 1000).toISOString();

describe('pages', () => {
  const versions: StubVersion[] = [
    { key: 'pre/a', id: 'a3', latest: true, time: second(3) },
    { key: 'pre/a', id: 'a2', marker: true, time: second(2) },
    { key: 'pre/a', id: 'a1', time: second(1) },
    { key: 'pre/b +%é', id: 'b2', marker: true, latest: true, time: second(5) },
    { key: 'pre/b +%é', id: 'b1', time: second(4) },
    { key: 'pre/c', id: 'c1', latest: true, time: second(9) },
  ];
  const expected = ['a:a1', 'a:a2', 'a:a3', 'b +%é:b1', 'b +%é:b2', 'c:c1'];

  it.each([1, 2, 3, 4, 5, 6])('of %d entries give the same list, oldest first', async (size) => {
    const { stub, store } = await openStub(pagesOf(versions, size));
    const listed = await collect(store, '');
    expect(listed.map(({ key, versionId }) => `${key}:${versionId}`)).toEqual(expected);
    expect(listed.map(({ marker }) => marker)).toEqual([false, true, false, false, true, false]);
    expect(stub.requests).toHaveLength(Math.ceil(versions.length / size));
    for (const { query } of stub.requests)
      expect([query.get('encoding-type'), query.get('prefix')]).toEqual(['url', 'pre/']);
    expect((await collect(store, '', { limit: 1 })).map(({ versionId }) => versionId)).toEqual([
      'a1',
      'a2',
      'a3',
    ]);
    expect(
      (await collect(store, '', { startAfter: 'a', limit: 1 })).map(({ versionId }) => versionId),
    ).toEqual(['b1', 'b2']);
  });

  it.each([2, 3, 4, 5])(
    'of %d entries that begin with the last one of the page before give it once',
    async (size) => {
      const whole = pagesOf(versions, size);
      const overlapping = (request: StubRequest): StubAnswer => {
        const [key, id] = [request.query.get('key-marker'), request.query.get('version-id-marker')];
        const at = versions.findIndex((version) => version.key === key && version.id === id);
        if (at < 0) return whole(request);
        const page = versions.slice(at, at + size);
        return listPage(page, at + size < versions.length ? page.at(-1) : undefined);
      };
      const { store } = await openStub(overlapping);
      const listed = await collect(store, '');
      expect(listed.map(({ key, versionId }) => `${key}:${versionId}`)).toEqual(expected);
    },
  );

  it('are asked for only as they are consumed', async () => {
    const { stub, store } = await openStub(pagesOf(versions, 1));
    for await (const { key } of store.listVersions('')) if (key === 'a') break;
    expect(stub.requests).toHaveLength(4);
  });

  it('stop after the key that was wanted', async () => {
    const { stub, store } = await openStub(pagesOf(versions, 4));
    expect((await collect(store, 'a', { exact: true })).map(({ versionId }) => versionId)).toEqual([
      'a1',
      'a2',
      'a3',
    ]);
    expect(stub.requests).toHaveLength(1);
  });

  it('filled by one key with 100,000 versions: the oldest is found, and no more is kept than the bound', async () => {
    const total = 100_000;
    let pages = 0;
    const { store } = await openStub(({ query }) => {
      pages += 1;
      const from = Number(query.get('version-id-marker') ?? 0);
      const size = Math.min(Number(query.get('max-keys')), total - from);
      // The last two are the first marker and, below it, the seal.
      const page = Array.from({ length: size }, (_, n) => ({
        key: 'pre/k',
        id: `${from + n + 1}`,
        marker: from + n === total - 2,
      }));
      return listPage(page, from + size < total ? { key: 'pre/k', id: `${from + size}` } : undefined);
    });
    const listed = await collect(store, 'k', { limit: 1 });
    expect(pages).toBe(101);
    expect(listed.find(({ marker }) => !marker)?.versionId).toBe(`${total}`);
    expect(listed).toHaveLength(1001);
    expect(listed.at(-1)?.newerOmitted).toBe(total - 1001);
    expect(listed.filter(({ marker }) => marker)).toHaveLength(1);
  });
});

describe('a server that lies', () => {
  const first: StubVersion = { key: 'pre/b', id: 'b1', latest: true };

  it.each<[string, (index: number) => StubAnswer, string, string]>([
    [
      'goes back to a key it has listed',
      (n) => listPage([[first], [{ key: 'pre/a', id: 'a1' }]][n] ?? [], n === 0 ? first : undefined),
      'store-misbehaves',
      'fatal',
    ],
    ['never ends', () => listPage([first], first), 'store-misbehaves', 'fatal'],
    [
      'lists what was not asked for',
      () => listPage([{ key: 'elsewhere', id: 'x' }]),
      'store-misbehaves',
      'fatal',
    ],
    ['sends something else than a list', () => ({ body: '<html>hello</html>' }), 'bad-answer', 'retriable'],
    [
      'sends an error as 200',
      () => ({ body: '<?xml version="1.0"?><Error><Code>InternalError</Code></Error>\n' }),
      'bad-answer',
      'retriable',
    ],
    ['sends nothing', () => ({}), 'bad-answer', 'retriable'],
    [
      'sends half a list',
      () => ({ body: (listPage([first]).body as string).slice(0, -60) }),
      'bad-answer',
      'retriable',
    ],
    [
      'lists a version without its size',
      () => ({ body: (listPage([first]).body as string).replace(/<Size>.*?<\/Size>/, '') }),
      'store-misbehaves',
      'fatal',
    ],
    [
      'lists a version without its time',
      () => ({ body: (listPage([first]).body as string).replace(/<LastModified>.*?<\/LastModified>/, '') }),
      'store-misbehaves',
      'fatal',
    ],
    ['refuses', () => failure(403, 'AccessDenied'), 'not-permitted', 'fatal'],
  ])('and %s', async (_, answer, code, disposition) => {
    const { store } = await openStub((_request, index) => answer(index));
    await expect(collect(store, '')).rejects.toMatchObject({ code, disposition });
  });

  it('and sends a marker back unencoded is asked for plain keys, from then on', async () => {
    const { stub, store } = await openStub(({ query }) => {
      const page = listPage([{ key: 'pre/topic=a/2', id: 'x' }]);
      if (query.get('encoding-type') === null) {
        const plain = (page.body as string)
          .replace('<EncodingType>url</EncodingType>', '')
          .replace('%3D', '=');
        return { ...page, body: plain };
      }
      // LocalStack 4: `topic%3Da` sorts before the marker `topic=a`, so nothing is left to list.
      const marker = `<KeyMarker>${query.get('key-marker') ?? ''}</KeyMarker></ListVersionsResult>`;
      return { ...page, body: (page.body as string).replace(/<Version>.*/, marker) };
    });
    const keys = async () => (await collect(store, '', { startAfter: 'topic=a/1' })).map(({ key }) => key);
    expect(await keys()).toEqual(['topic=a/2']);
    expect(await keys()).toEqual(['topic=a/2']);
    expect(stub.requests.map(({ query }) => query.get('encoding-type'))).toEqual(['url', null, null]);
  });
});

describe('common prefixes', () => {
  it('come from lists of versions, over any pages, once each', async () => {
    const names = ['pre/seals/a/', 'pre/seals/b/', 'pre/seals/c/'];
    const { stub, store } = await openStub(({ query }) => {
      const from = names.indexOf(query.get('key-marker') ?? '');
      // Begins with the prefix that the page before ended with.
      const page = names.slice(Math.max(from, 0), from + 2);
      const last = page.at(-1) as string;
      const prefixes = page
        .map((name) => `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`)
        .join('');
      const answer = listPage([], last === names.at(-1) ? undefined : { key: last, id: '' });
      return {
        ...answer,
        body: (answer.body as string).replace('</ListVersionsResult>', `${prefixes}</ListVersionsResult>`),
      };
    });
    expect(await all(store.listPrefixes('seals/'))).toEqual(['seals/a/', 'seals/b/', 'seals/c/']);
    for (const { query } of stub.requests)
      expect([query.has('versions'), query.get('delimiter')]).toEqual([true, '/']);
  });
});
