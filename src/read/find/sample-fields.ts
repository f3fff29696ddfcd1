// Which fields do events of these chains have? For people who mistyped one.
import type { StoreReader } from '../../store/store.ts';
import { chainEnd } from '../chain-end.ts';
import { ChainReader } from '../chain-reader.ts';
import { linesOfSegment } from '../line-range.ts';
import { FieldValues } from './field-values.ts';

const FIELDS_MAX = 1_000;
const FIELDS_OF_RECORD_MAX = 100;
/** Over all chains: the oldest and the newest of each, and some between. */
const SEGMENTS_MAX = 8;
const CHAINS_MAX = 4;
const LINES_MAX = 200;

/**
 * JSON pointers of values that some records have, those of most records first. Events differ, so several
 * segments of each chain are looked into. Empty: none was found.
 */
export async function sampleFields(
  store: StoreReader,
  chains: readonly { readonly chain: string; readonly partition: number }[],
  signal: AbortSignal,
): Promise<string[]> {
  const found = new Map<string, number>();
  const some = chains.slice(0, CHAINS_MAX);
  for (const place of some) {
    try {
      const reader = new ChainReader({ store, ...place, trusted: [], signal });
      await ofChain(reader, Math.floor(SEGMENTS_MAX / some.length), found);
    } catch {
      signal.throwIfAborted();
      // These are examples only: another chain may have some.
    }
  }
  return [...found].sort(([, a], [, b]) => b - a).map(([field]) => field);
}

async function ofChain(reader: ChainReader, most: number, found: Map<string, number>): Promise<void> {
  const { sequence: head } = await chainEnd(reader);
  const steps = Array.from({ length: most }, (_, step) => head - Math.round((step * head) / most));
  for (const sequence of new Set(steps)) {
    const seal = await reader.seal(sequence);
    const range = { from: 0, to: Number.MAX_SAFE_INTEGER };
    let lines = 0;
    for await (const { line, isGap } of linesOfSegment(reader, seal, range, false)) {
      for (const field of isGap ? [] : fieldsOf(FieldValues.valueText(line))) {
        if (found.has(field) || found.size < FIELDS_MAX) found.set(field, (found.get(field) ?? 0) + 1);
      }
      if (++lines >= LINES_MAX) break;
    }
  }
}

/** Of one record. Of an array the first element counts. */
function fieldsOf(text: string | null): string[] {
  const found: string[] = [];
  const walk = (value: unknown, at: string): void => {
    if (found.length >= FIELDS_OF_RECORD_MAX) return;
    if (Array.isArray(value)) for (const one of value.slice(0, 1)) walk(one, at);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, below] of Object.entries(value)) {
        walk(below, `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      }
    } else if (at !== '') found.push(at);
  };
  try {
    if (text !== null) walk(JSON.parse(text), '');
  } catch {
    // No JSON.
  }
  return found;
}
