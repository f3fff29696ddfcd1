// Which fields does some event of these chains have? For people who mistyped one.
import type { StoreReader } from '../../store/store.ts';
import { chainEnd } from '../chain-end.ts';
import { ChainReader } from '../chain-reader.ts';
import { linesOfSegment } from '../line-range.ts';
import { FieldValues } from './field-values.ts';

const FIELDS_MAX = 100;
const SEGMENTS_MAX = 4;
const LINES_MAX = 100;

/** JSON pointers of the values of one record. Empty: none was found near the end of the first chains. */
export async function sampleFields(
  store: StoreReader,
  chains: readonly { readonly chain: string; readonly partition: number }[],
  signal: AbortSignal,
): Promise<string[]> {
  for (const place of chains.slice(0, SEGMENTS_MAX)) {
    try {
      const fields = await ofChain(new ChainReader({ store, ...place, trusted: [], signal }));
      if (fields.length > 0) return fields;
    } catch {
      signal.throwIfAborted();
      // It is an example only: another chain may have one.
    }
  }
  return [];
}

async function ofChain(reader: ChainReader): Promise<string[]> {
  const { sequence: head } = await chainEnd(reader);
  for (let sequence = head; sequence >= 0 && head - sequence < SEGMENTS_MAX; sequence--) {
    const seal = await reader.seal(sequence);
    const range = { from: 0, to: Number.MAX_SAFE_INTEGER };
    let lines = 0;
    for await (const { line, isGap } of linesOfSegment(reader, seal, range, false)) {
      const fields = isGap ? [] : fieldsOf(FieldValues.valueText(line));
      if (fields.length > 0) return fields;
      if (++lines >= LINES_MAX) break;
    }
  }
  return [];
}

function fieldsOf(text: string | null): string[] {
  const found: string[] = [];
  const walk = (value: unknown, at: string): void => {
    if (found.length >= FIELDS_MAX) return;
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
