// What lies at each key of two stores, without holding either list in memory?
import { oldestVersions } from '../format/oldest-version.ts';
import { compareKeys } from '../store/key-bytes.ts';
import type { ObjectVersion, StoreReader } from '../store/store.ts';

/** What counts at one key. At least one of both is there. */
export type Pair = {
  readonly key: string;
  readonly source: ObjectVersion | null;
  readonly there: ObjectVersion | null;
};

/** Both lists come in the order of the keys' bytes, so one step of either is enough. */
export async function* pairsOf(
  from: Pick<StoreReader, 'listVersions'>,
  to: Pick<StoreReader, 'listVersions'>,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<Pair> {
  const [left, right] = [from, to].map((store) => oldestVersions(store.listVersions(prefix, { signal }))) as [
    AsyncGenerator<ObjectVersion>,
    AsyncGenerator<ObjectVersion>,
  ];
  try {
    let [a, b] = [await next(left), await next(right)];
    while (a !== null || b !== null) {
      const order = a === null ? 1 : b === null ? -1 : compareKeys(a.key, b.key);
      const [source, there] = [order <= 0 ? a : null, order >= 0 ? b : null];
      yield { key: (source ?? there)!.key, source, there };
      if (order <= 0) a = await next(left);
      if (order >= 0) b = await next(right);
    }
  } finally {
    await left.return(undefined);
    await right.return(undefined);
  }
}

async function next(list: AsyncGenerator<ObjectVersion>): Promise<ObjectVersion | null> {
  const { value, done } = await list.next();
  return done === true ? null : value;
}
