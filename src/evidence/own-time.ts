// When did it happen by the event's own word? Read where the statement says that each topic has its time.
import { utf8 } from '../base/bytes.ts';
import { eventTimeOf } from '../base/event-time.ts';
import { decodedString } from '../base/json/json-skip.ts';
import { JsonWalker } from '../base/json/json-walk.ts';
import { looseJson } from '../base/json/loose-json.ts';
import { parseTarget } from '../format/target.ts';
import { TIME_MS_MAX } from '../format/time.ts';
import type { ShownEvent } from './event.ts';

/** Each field as a JSON pointer, `key` or `header:NAME`: what `find --time event` goes by. */
export type OwnTimeFields = readonly { readonly chain: string; readonly fields: readonly string[] }[];

export type OwnTime = {
  /** As it is written there. */
  readonly text: string;
  /**
   * From 1970 to 9999. Null: it is no time of these years, or has no offset from UTC, so that which moment is
   * meant is not known.
   */
  readonly ms: number | null;
  /** Other values stand there too. */
  readonly hasMore: boolean;
};

const FIELDS_MAX = 1_000;
const FIELD_LENGTH_MAX = 1_000;
const VALUES_MAX = 5;

/** For what a package says: whatever stands there. */
export const isOwnTimeFields = (fields: unknown): fields is OwnTimeFields =>
  Array.isArray(fields) &&
  fields.every((one) => typeof one?.chain === 'string' && Array.isArray(one.fields)) &&
  fields.flatMap((one) => one.fields).length <= FIELDS_MAX &&
  fields.flatMap((one) => one.fields).every((text) => isField(text));

const isField = (text: unknown): boolean =>
  typeof text === 'string' && text.length <= FIELD_LENGTH_MAX && parseTarget(text) !== null;

type Reader = (event: ShownEvent) => string[];

export class OwnTimes {
  readonly #readers: ReadonlyMap<string, Reader>;

  constructor(fields: OwnTimeFields) {
    this.#readers = new Map(fields.map((one) => [one.chain, readerOf(one.fields)]));
  }

  /** Whether any event may have one. */
  get isEmpty(): boolean {
    return this.#readers.size === 0;
  }

  /** Null: nothing stands there, or nobody said where it stands. */
  of(chain: string, event: ShownEvent): OwnTime | null {
    const [text, ...more] = new Set(this.#readers.get(chain)?.(event) ?? []);
    if (text === undefined) return null;
    const time = eventTimeOf(text);
    const isMoment = time?.hasZone === true && time.ms >= 0 && time.ms <= TIME_MS_MAX;
    return { text, ms: isMoment ? time.ms : null, hasMore: more.length > 0 };
  }
}

function readerOf(fields: readonly string[]): Reader {
  const targets = fields.flatMap((text) => parseTarget(text) ?? []);
  const walker = new JsonWalker(targets.flatMap((one) => (one.kind === 'pointer' ? [one.tokens] : [])));
  return ({ key, headers, value }) => {
    const found = targets.flatMap((target) => {
      if (target.kind === 'key') return key ?? [];
      return target.kind === 'header'
        ? headers.flatMap((one) => (one.name === target.name ? (one.value ?? []) : []))
        : [];
    });
    const json = value === null ? null : looseJson(utf8(value));
    if (json === null) return found;
    walker.walk(json, 0, json.length, (_, kind, bytes, start, end) => {
      if (kind !== 'object') found.push(decodedString(bytes, start, end));
      return found.length >= VALUES_MAX;
    });
    return found;
  };
}
