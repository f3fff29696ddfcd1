// Which values stand at these places of a JSON text? Noted by the reader that checks it, on its way.
import { equalBytes, utf8 } from '../bytes.ts';
import { spaceEnd } from './json-skip.ts';
import type { FoundKind } from './json-walk.ts';

/** A place and what is asked for below it. */
type Node = {
  /** Indexes of the places that end here. */
  readonly targets: number[];
  readonly children: Child[];
};
type Child = { readonly bytes: Uint8Array; readonly node: Node };

/** A value: `target` is the index of its place, the others are as JsonWalker shows them. */
class Noted {
  target = 0;
  kind: FoundKind = 'other';
  start = 0;
  end = 0;
}

/** Of one text. A text with more is odd. */
const NOTED_MAX = 64;

/** Characters of a name that JSON can't write as themselves. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
const ESCAPED = /["\\\u0000-\u001f]/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * What JsonWalker would show of a text, without another way through it. It knows objects and the values in
 * them. What needs more than that makes the text odd, and then nothing noted counts: an array or a string
 * that may hold JSON where something is asked for, and a character that is spelled by `\u` or `\/`.
 *
 * The reader, which checks the text, says what it meets: each member of an object that leads on, and then
 * what its value is, if that is asked for.
 */
export class JsonWatch {
  /** The first `count` were noted, in the order of the text. */
  readonly noted: readonly Noted[] = Array.from({ length: NOTED_MAX }, () => new Noted());
  count = 0;
  #isOdd = false;
  readonly #root: Node = { targets: [], children: [] };
  /** Whether these places can be watched. */
  readonly #isAble: boolean;
  /** What the value that is asked for leads to, and where it begins, but for spaces. */
  #due: Node = this.#root;
  #dueAt = 0;
  /** By how many containers are open in it: the last object that leads on. */
  readonly #open: Node[] = [];

  constructor(places: readonly (readonly string[])[]) {
    this.#isAble = !places.some((names) => names.some((name) => ESCAPED.test(name) || !name.isWellFormed()));
    for (const [index, names] of places.entries()) {
      let node = this.#root;
      for (const name of names) {
        const bytes = utf8(name);
        let child = node.children.find((one) => equalBytes(one.bytes, bytes));
        if (child === undefined) {
          child = { bytes, node: { targets: [], children: [] } };
          node.children.push(child);
        }
        node = child.node;
      }
      node.targets.push(index);
    }
  }

  /** True: what was noted of the last text is all that JsonWalker would show. */
  get isWhole(): boolean {
    return this.#isAble && !this.#isOdd;
  }

  /** A text begins at `at`. True: what it is, is asked for. */
  begin(at: number): boolean {
    this.count = 0;
    this.#isOdd = false;
    this.#due = this.#root;
    this.#dueAt = at;
    return this.#isAble;
  }

  /**
   * A member of the object that leads on, in which `depth` containers are open. Its name ends before the
   * quote at `end`, and its value begins at `valueAt`, but for spaces. True: what that is, is asked for.
   */
  isAsked(bytes: Uint8Array, end: number, valueAt: number, depth: number): boolean {
    const { children } = this.#open[depth] as Node;
    for (let index = 0; index < children.length; index++) {
      const child = children[index] as Child;
      if (!endsWith(bytes, end, child.bytes)) continue;
      this.#due = child.node;
      this.#dueAt = valueAt;
      return !this.#isOdd;
    }
    return false;
  }

  /** The value that is asked for is no object or array, and ends before `end`. */
  scalar(bytes: Uint8Array, end: number): void {
    const start = spaceEnd(bytes, this.#dueAt, end);
    const first = bytes[start] as number;
    if (first !== QUOTE) {
      this.#note(first === 0x2d || (first >= 0x30 && first <= 0x39) ? 'number' : 'other', start, end);
      return;
    }
    // It may hold JSON text. A backslash may stand for white space, or for the bracket itself.
    const inner = bytes[start + 1];
    const mayBeJson = inner === 0x7b || inner === 0x5b || inner === BACKSLASH || inner === 0x20;
    if (mayBeJson && this.#due.children.length > 0) this.#isOdd = true;
    else this.#note('string', start + 1, end - 1);
  }

  /** The value that is asked for is an object, or an array, and `depth` containers are open in it. */
  leadsOn(isObject: boolean, depth: number): boolean {
    if (!isObject) {
      this.#isOdd = true;
      return false;
    }
    this.#note('object', 0, 0);
    this.#open[depth] = this.#due;
    return this.#due.children.length > 0;
  }

  /** A backslash stands at `at`, which begins an escape. */
  escape(bytes: Uint8Array, at: number): void {
    const letter = bytes[at + 1];
    // A character that stands for itself elsewhere.
    if (letter === 0x75 || letter === 0x2f) this.#isOdd = true;
  }

  #note(kind: FoundKind, start: number, end: number): void {
    const { targets } = this.#due;
    for (let index = 0; index < targets.length; index++) {
      if (this.count === NOTED_MAX) {
        this.#isOdd = true;
        return;
      }
      const noted = this.noted[this.count++] as Noted;
      noted.target = targets[index] as number;
      noted.kind = kind;
      noted.start = start;
      noted.end = end;
    }
  }
}

/** Whether the string that ends before the quote at `end` is this, as it is written. */
function endsWith(bytes: Uint8Array, end: number, wanted: Uint8Array): boolean {
  const start = end - wanted.length;
  // What is wanted has no quote. A quote after a backslash would stand in the string.
  if (bytes[start - 1] !== QUOTE || bytes[start - 2] === BACKSLASH) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}
