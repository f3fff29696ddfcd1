// How is one member of a YAML file changed, so that every other byte and each comment stays?
import { type Document, isMap, isScalar, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { LedgerstoneError } from '../../base/error.ts';

type Found = { readonly map: YAMLMap; readonly pair: Pair; readonly index: number };
type Range = readonly [start: number, end: number];

/** A text that is one YAML document without errors. */
export class YamlFile {
  #text: string;
  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }
  /** Plain values; what the environment brings is not put in. */
  get value(): unknown {
    return this.#document.toJS({ maxAliasCount: 16 });
  }
  get #document() {
    return parseDocument(this.#text, { stringKeys: true, prettyErrors: false });
  }

  /** The line of the member's key, from 1. Null: there is no such member. */
  lineOf(path: readonly string[]): number | null {
    const found = this.#find(path);
    if (found === null) return null;
    const lines = new LineCounter();
    parseDocument(this.#text, { stringKeys: true, lineCounter: lines });
    return lines.linePos(startOf(found.pair)).line;
  }

  /** With the mapping around it, if nothing else is in that. */
  remove(path: readonly string[]): void {
    const found = this.#required(path);
    if (found.map.items.length === 1 && path.length > 1) {
      this.remove(path.slice(0, -1));
      return;
    }
    const [start, end] = found.map.flow === true ? inFlow(found) : inBlock(this.#text, found.pair);
    this.#edit(path, start, end, '', (document) => document.deleteIn(path));
  }

  /** Another name and value, at the same place. `value`: as YAML on one line. */
  replace(path: readonly string[], name: string, value: string): void {
    const { pair } = this.#required(path);
    const plain: unknown = parseDocument(value).toJS();
    this.#edit(path, startOf(pair), endOf(pair), `${name}: ${value}`, (document) => {
      document.deleteIn(path);
      document.setIn([...path.slice(0, -1), name], plain);
    });
  }

  /** Before everything else. */
  prepend(name: string, value: string): void {
    const plain: unknown = parseDocument(value).toJS();
    const { contents } = this.#document;
    if (!isMap(contents) || contents.flow === true) throw notHere(name);
    const start = contents.range?.[0] ?? 0;
    this.#edit([name], start, start, `${name}: ${value}\n`, (document) => document.setIn([name], plain));
  }

  #find(path: readonly string[]): Found | null {
    let map: unknown = this.#document.contents;
    for (const [depth, step] of path.entries()) {
      if (!isMap(map)) return null;
      const index = map.items.findIndex(({ key }) => isScalar(key) && key.value === step);
      const pair = map.items[index];
      if (pair === undefined) return null;
      if (depth === path.length - 1) return { map, pair, index };
      map = pair.value;
    }
    return null;
  }

  #required(path: readonly string[]): Found {
    const found = this.#find(path);
    if (found === null) throw notHere(path.join('.'));
    return found;
  }

  /** What is read afterwards has to be what was meant, however the text looked. Else nothing changes. */
  #edit(
    path: readonly string[],
    start: number,
    end: number,
    put: string,
    meant: (document: Document) => void,
  ): void {
    const text = this.#text.slice(0, start) + put + this.#text.slice(end);
    const edited = parseDocument(text, { stringKeys: true, prettyErrors: false });
    const expected = this.#document;
    meant(expected);
    if (edited.errors.length > 0 || !sameValues(edited, expected)) throw notHere(path.join('.'));
    this.#text = text;
  }
}

const notHere = (member: string): LedgerstoneError =>
  new LedgerstoneError('config', `${member} stands in the file in a way that no program may edit`, {
    disposition: 'input',
    remedy: 'Change it by hand: docs/upgrading.md says how. Nothing was written.',
  });

const startOf = ({ key }: Pair): number => (isScalar(key) ? (key.range?.[0] ?? 0) : 0);
/** Of its value, without what follows on the line. */
function endOf({ key, value }: Pair): number {
  const range = (value as { readonly range?: readonly number[] | null } | null)?.range;
  return range?.[1] ?? (isScalar(key) ? (key.range?.[1] ?? 0) : 0);
}

/** Whole lines, with the comment behind the value. */
function inBlock(text: string, pair: Pair): Range {
  const start = text.lastIndexOf('\n', startOf(pair) - 1) + 1;
  const end = endOf(pair);
  if (text[end - 1] === '\n') return [start, end];
  const next = text.indexOf('\n', end);
  return [start, next < 0 ? text.length : next + 1];
}

/** With the comma before it or behind it. */
function inFlow({ map, pair, index }: Found): Range {
  const next = map.items[index + 1];
  if (next !== undefined) return [startOf(pair), startOf(next)];
  const before = map.items[index - 1];
  return [before === undefined ? startOf(pair) : endOf(before), endOf(pair)];
}

/** False also where an alias has lost what it stood for. */
function sameValues(a: Document, b: Document): boolean {
  try {
    return sorted(a.toJS()) === sorted(b.toJS());
  } catch {
    return false;
  }
}

/** The order of members says nothing. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
