// Which values do these fields have in the lines of one segment? As find reads them. Lines must be well-
// formed.

import { decodedString, spaceEnd } from '../../../base/json/json-skip.ts';
import { type FoundKind, JsonWalker } from '../../../base/json/json-walk.ts';
import { looseJson, textOf } from '../../../base/json/loose-json.ts';
import { parseTarget, type Target } from '../../../format/target.ts';
import type { SeenLine } from '../../../verify/line-tally.ts';
import { LineParts } from '../line-parts.ts';
import type { IndexedField, SegmentIndex } from './segment-index.ts';
import { BoundsCollector } from './value-bounds.ts';
import { segmentId, ValueHasher, valueText } from './value-hash.ts';
import { HashCollector } from './value-set.ts';

/** A value is hashed once while it is among the last of its field. */
const SEEN_MAX = 8192;
const SEEN_TEXT_MAX = 256;

class FieldCollector {
  readonly field: string;
  readonly #hasher: ValueHasher;
  readonly #hashes = new HashCollector();
  readonly #bounds = new BoundsCollector();
  /** Whether a value reads as a time, by text. */
  readonly #seen = new Map<string, boolean>();
  #without = 0;
  #undated = 0;
  #hasValue = false;
  #hasTime = false;

  constructor(field: string, key: Uint8Array) {
    this.field = field;
    this.#hasher = new ValueHasher(key, field);
  }

  begin(): void {
    this.#hasValue = false;
    this.#hasTime = false;
  }

  /** Null: bytes that are no text, which equal nothing that could be asked for. */
  add(text: string | null, kind: FoundKind): void {
    this.#hasValue = true;
    if (text === null) return;
    // A string and a number with one spelling are two values.
    const name = kind === 'number' ? `n${text}` : `t${kind === 'other' ? '' : 's'}${text}`;
    let isTime = this.#seen.get(name);
    if (isTime === undefined) {
      isTime = this.#bounds.add(text, kind);
      this.#hashes.add(this.#hasher.of(valueText(text, kind)));
      if (this.#seen.size >= SEEN_MAX) this.#seen.clear();
      if (name.length <= SEEN_TEXT_MAX) this.#seen.set(name, isTime);
    }
    if (isTime) this.#hasTime = true;
  }

  end(): void {
    if (!this.#hasValue) this.#without++;
    if (!this.#hasTime) this.#undated++;
  }

  finish(): IndexedField {
    const { numbers, times } = this.#bounds;
    const [without, undated] = [this.#without, this.#undated];
    return { field: this.field, without, undated, numbers, times, values: this.#hashes.finish() };
  }
}

type Pointed = { readonly collector: FieldCollector; readonly tokens: readonly string[] };
type FoundValue = { readonly collector: FieldCollector; readonly text: string; readonly kind: FoundKind };

/** One object for the lines of one segment. */
export class SegmentIndexer {
  readonly #key: Uint8Array;
  readonly #all: FieldCollector[] = [];
  readonly #pointed: Pointed[] = [];
  readonly #others: {
    readonly collector: FieldCollector;
    readonly target: Exclude<Target, { readonly kind: 'pointer' }>;
  }[] = [];
  readonly #walker: JsonWalker;
  /** One for each pointer, as soon as a line needs it. */
  #alone: readonly JsonWalker[] | null = null;
  readonly #parts = new LineParts();
  #found: FoundValue[] = [];
  #records = 0;
  #tombstones = 0;
  #notJson = 0;

  /** `key`: indexKey of the segment. `fields`: as parseTarget reads them. */
  constructor(fields: readonly string[], key: Uint8Array) {
    this.#key = key;
    for (const field of fields) {
      const target = parseTarget(field);
      if (target === null) throw new Error(`${field} is no field`);
      const collector = new FieldCollector(field, key);
      this.#all.push(collector);
      if (target.kind === 'pointer') this.#pointed.push({ collector, tokens: target.tokens });
      else this.#others.push({ collector, target });
    }
    this.#walker = new JsonWalker(this.#pointed.map(({ tokens }) => tokens));
  }

  add({ content, start, end, gapLine }: Readonly<Omit<SeenLine, 'offset' | 'nextOffset' | 'plainAt'>>): void {
    if (gapLine !== null) return;
    this.#records++;
    const parts = this.#parts;
    parts.read(content, start, end);
    for (const collector of this.#all) collector.begin();
    for (const { collector, target } of this.#others) {
      const values =
        target.kind === 'key'
          ? [parts.key]
          : parts
              .headers()
              .flatMap(({ name, value }) => (textOf(parts.bytesOf(name)) === target.name ? [value] : []));
      for (const value of values) if (value !== null) collector.add(textOf(parts.bytesOf(value)), 'string');
    }
    const json = this.#json();
    if (json !== null && this.#pointed.length > 0) this.#addPointed(json.bytes, json.start, json.end);
    for (const collector of this.#all) collector.end();
  }

  finish(): SegmentIndex {
    return {
      ...{ segment: segmentId(this.#key), records: this.#records, tombstones: this.#tombstones },
      ...{ notJson: this.#notJson, fields: this.#all.map((collector) => collector.finish()) },
    };
  }

  #json(): { readonly bytes: Uint8Array; readonly start: number; readonly end: number } | null {
    const { bytes, form, start, end } = this.#parts;
    if (form === 'value') return { bytes, start, end };
    if (form === 'none') {
      this.#tombstones++;
      return null;
    }
    const loose = looseJson(this.#parts.bytesOf(this.#parts.looseValue));
    const first = loose === null ? -1 : (loose[spaceEnd(loose, 0, loose.length)] ?? -1);
    if (first !== 0x7b && first !== 0x5b) this.#notJson++;
    return loose === null ? null : { bytes: loose, start: 0, end: loose.length };
  }

  /**
   * All fields in one walk. What is too deep for one of them would end the walk of the others too, and a
   * search
   * for another one alone would find more: then each is walked alone.
   */
  #addPointed(bytes: Uint8Array, start: number, end: number): void {
    this.#found = [];
    if (!this.#walker.walk(bytes, start, end, this.#note)) {
      this.#found = [];
      this.#alone ??= this.#pointed.map(({ tokens }) => new JsonWalker([tokens]));
      for (const [place, walker] of this.#alone.entries()) {
        walker.walk(bytes, start, end, (_, ...found) => this.#note(place, ...found));
      }
    }
    for (const { collector, text, kind } of this.#found) collector.add(text, kind);
  }

  readonly #note = (
    place: number,
    kind: FoundKind,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean => {
    const { collector } = this.#pointed[place] as Pointed;
    if (kind !== 'object') this.#found.push({ collector, text: decodedString(bytes, start, end), kind });
    return false;
  };
}
