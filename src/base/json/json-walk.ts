// Which values stand at these places of a JSON text? Each occurrence is shown, however it is written.
import { decodedString, lastString, quoteEnd, spaceEnd, valueEnd, WALK_DEPTH_MAX } from './json-skip.ts';
import { looseJson } from './loose-json.ts';

/** What stands there. `object` has no value of its own: only fields inside of it have. */
export type FoundKind = 'string' | 'number' | 'other' | 'object';

/**
 * Bytes [start, end) of `bytes`: a string without its quotes, and its escapes as they are. `target`: the
 * index of the place. True ends the walk.
 */
export type OnFound = (
  target: number,
  kind: FoundKind,
  bytes: Uint8Array,
  start: number,
  end: number,
) => boolean;

/** A place and what is asked for below it. */
type Node = {
  /** Indexes of the places that end here. */
  readonly targets: number[];
  readonly children: Child[];
};
type Child = {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The node alone, ready to be walked. */
  readonly nodes: readonly [Node];
};

/** A string may hold JSON text that holds such a string again. */
const NESTED_MAX = 8;

/**
 * A place is a list of names (RFC 6901). Arrays on the way are passed through: a name is looked for in each
 * of their elements, and a number among the names may also be an index. Where the place holds an array, each
 * of its elements is a value there. Of a name that occurs twice in an object both are walked. A string that
 * holds an object or an array as JSON text is walked into as well.
 */
export class JsonWalker {
  readonly #root: readonly [Node];
  #onFound: OnFound = () => false;
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  #isEnded = false;
  #isCut = false;
  #depth = 0;
  #nested = 0;

  constructor(places: readonly (readonly string[])[]) {
    const root: Node = { targets: [], children: [] };
    for (const [index, tokens] of places.entries()) {
      let node = root;
      for (const name of tokens) {
        let child = node.children.find((one) => one.name === name);
        if (child === undefined) {
          const below: Node = { targets: [], children: [] };
          child = { name, bytes: new TextEncoder().encode(name), nodes: [below] };
          node.children.push(child);
        }
        [node] = child.nodes;
      }
      node.targets.push(index);
    }
    this.#root = [root];
  }

  /**
   * Walks the well-formed JSON text [start, end). A malformed one is walked as far as it goes. False: it was
   * not walked to its end, since a part that leads to some place is too deep, or `onFound` ended it.
   */
  walk(bytes: Uint8Array, start: number, end: number, onFound: OnFound): boolean {
    this.#onFound = onFound;
    this.#isEnded = false;
    this.#isCut = false;
    this.#depth = 0;
    this.#nested = 0;
    this.#walkText(bytes, start, end, this.#root);
    return !this.#isCut && !this.#isEnded;
  }

  #walkText(bytes: Uint8Array, start: number, end: number, nodes: readonly Node[]): void {
    const [outerBytes, outerEnd] = [this.#bytes, this.#end];
    this.#bytes = bytes;
    this.#end = end;
    this.#value(start, nodes);
    this.#bytes = outerBytes;
    this.#end = outerEnd;
  }

  /** The index after the value at `at`, which may have space before it. −1: malformed, or ended. */
  #value(at: number, nodes: readonly Node[]): number {
    const bytes = this.#bytes;
    const start = spaceEnd(bytes, at, this.#end);
    if (start >= this.#end) return -1;
    const byte = bytes[start] as number;
    if (byte === 0x7b || byte === 0x5b) {
      if (this.#depth === WALK_DEPTH_MAX) {
        this.#isCut = true;
        return -1;
      }
      this.#depth++;
      const after = byte === 0x7b ? this.#object(start + 1, nodes) : this.#array(start + 1, nodes);
      this.#depth--;
      return after;
    }
    if (byte === 0x22) {
      const quote = quoteEnd(bytes, start + 1, this.#end);
      if (quote < 0) return -1;
      this.#show(nodes, 'string', start + 1, quote);
      if (!this.#isEnded) this.#intoString(start + 1, quote, nodes);
      return this.#isEnded ? -1 : quote + 1;
    }
    const end = valueEnd(bytes, start, this.#end);
    if (end < 0) return -1;
    const isNumber = byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
    this.#show(nodes, isNumber ? 'number' : 'other', start, end);
    return this.#isEnded ? -1 : end;
  }

  #show(nodes: readonly Node[], kind: FoundKind, start: number, end: number): void {
    for (const node of nodes) {
      for (const target of node.targets) {
        if (!this.#isEnded) this.#isEnded = this.#onFound(target, kind, this.#bytes, start, end);
      }
    }
  }

  #object(first: number, nodes: readonly Node[]): number {
    this.#show(nodes, 'object', first, first);
    const bytes = this.#bytes;
    let at = first;
    while (!this.#isEnded) {
      at = spaceEnd(bytes, at, this.#end);
      if (bytes[at] === 0x7d && at < this.#end) return at + 1;
      if (bytes[at] === 0x2c) at = spaceEnd(bytes, at + 1, this.#end);
      if (bytes[at] !== 0x22) return -1;
      const name = at + 1;
      const quote = quoteEnd(bytes, name, this.#end);
      if (quote < 0) return -1;
      const isPlain = !lastString.hasEscape;
      at = bytes[quote + 1] === 0x3a ? quote + 1 : spaceEnd(bytes, quote + 1, this.#end);
      if (bytes[at] !== 0x3a || at >= this.#end) return -1;
      const below = childrenOf(nodes, bytes, name, quote, isPlain);
      at = below === null ? valueEnd(bytes, at + 1, this.#end) : this.#value(at + 1, below);
      if (at < 0) return -1;
    }
    return -1;
  }

  #array(first: number, nodes: readonly Node[]): number {
    const bytes = this.#bytes;
    let at = spaceEnd(bytes, first, this.#end);
    if (bytes[at] === 0x5d) return at + 1;
    for (let index = 0; !this.#isEnded; index++) {
      at = this.#value(at, atIndex(nodes, index));
      if (at < 0) return -1;
      at = spaceEnd(bytes, at, this.#end);
      if (at >= this.#end) return -1;
      if (bytes[at] === 0x5d) return at + 1;
      if (bytes[at] !== 0x2c) return -1;
      at++;
    }
    return -1;
  }

  /** A string where more names are asked for may hold JSON text. */
  #intoString(start: number, end: number, nodes: readonly Node[]): void {
    if (this.#nested === NESTED_MAX || !nodes.some(({ children }) => children.length > 0)) return;
    const begin = this.#bytes[spaceEnd(this.#bytes, start, end)];
    // A backslash may stand for white space, or for the bracket itself.
    if (begin !== 0x7b && begin !== 0x5b && begin !== 0x5c) return;
    const text = looseJson(new TextEncoder().encode(decodedString(this.#bytes, start, end)));
    if (text === null) return;
    const first = text[spaceEnd(text, 0, text.length)];
    if (first !== 0x7b && first !== 0x5b) return;
    this.#nested++;
    const below = nodes.map(({ children }): Node => ({ targets: [], children }));
    this.#walkText(text, 0, text.length, below);
    this.#nested--;
  }
}

/**
 * Those below `nodes` that an object's member with this name leads to. Null: none. `isPlain`: the name has no
 * escapes, as nearly all have none.
 */
function childrenOf(
  nodes: readonly Node[],
  bytes: Uint8Array,
  start: number,
  end: number,
  isPlain: boolean,
): readonly Node[] | null {
  let found: readonly Node[] | null = null;
  const decoded = isPlain ? null : decodedString(bytes, start, end);
  for (let at = 0; at < nodes.length; at++) {
    const { children } = nodes[at] as Node;
    for (let index = 0; index < children.length; index++) {
      const child = children[index] as Child;
      const isIt = isPlain ? isSame(bytes, start, end, child.bytes) : decoded === child.name;
      if (isIt) found = found === null ? child.nodes : [...found, ...child.nodes];
    }
  }
  return found;
}

/** An element of an array: what is asked for of the array itself, and what is asked for at this index. */
function atIndex(nodes: readonly Node[], index: number): readonly Node[] {
  let all = nodes;
  for (const { children } of nodes) {
    for (const child of children) {
      if (child.name === String(index)) all = [...all, ...child.nodes];
    }
  }
  return all;
}

function isSame(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}
