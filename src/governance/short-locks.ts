// Which object versions are locked for less than was decided?
import { readAhead } from '../base/concurrency.ts';
import { LedgerstoneError } from '../base/error.ts';
import type { SegmentRange } from '../format/act-detail.ts';
import type { GoneJudge } from './gone-data.ts';
import { documents, type ScopeTools, type StoredObject, segmentsIn } from './scope.ts';

const AHEAD = 16;

export type ShortLock = { readonly object: StoredObject; readonly isShort: boolean };

/**
 * Each version of these segments, and the keys and FORMAT, with whether its lock is shorter. Throws where
 * something lacks or may not be read: a list with holes would be taken for a whole one. Data that might go
 * and has gone is in none.
 */
export async function* shortLocks(
  tools: ScopeTools & { readonly goneOf: GoneJudge },
  ranges: readonly SegmentRange[],
  untilMs: number,
): AsyncGenerator<ShortLock> {
  const { store, signal } = tools;
  yield* readAhead(objectsOf(tools, ranges), AHEAD, async (object) => {
    const state = await store.lock(object.key, object.versionId, signal);
    if (state.kind === 'not-permitted' || state.kind === 'not-applicable')
      throw new LedgerstoneError('locks-not-permitted', `${object.key}: its lock can't be read`);
    return { object, isShort: state.kind === 'none' || state.lock.untilMs < untilMs };
  });
}

async function* objectsOf(
  tools: Parameters<typeof shortLocks>[0],
  ranges: readonly SegmentRange[],
): AsyncGenerator<StoredObject> {
  for await (const { objects, problems, ...about } of segmentsIn(tools, ranges)) {
    const gone = tools.goneOf(about);
    const lacks = gone?.isFault === true ? [...problems, gone.text] : problems;
    if (lacks.length > 0) throw new LedgerstoneError('segment-incomplete', lacks.join('; '));
    yield* objects;
  }
  yield* documents(tools);
}
