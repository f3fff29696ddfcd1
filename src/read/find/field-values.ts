// What stands in these fields of a line that was found?
import { decodedString } from '../../base/json/json-skip.ts';
import { JsonWalker } from '../../base/json/json-walk.ts';
import { looseJson, textOf } from '../../base/json/loose-json.ts';
import type { Target } from '../../format/target.ts';
import { LineParts } from './line-parts.ts';

const VALUES_MAX = 5;

/** Reads the same fields of many lines. */
export class FieldValues {
  readonly #fields: readonly (readonly Target[])[];
  readonly #pointed: number[] = [];
  readonly #walker: JsonWalker;
  readonly #parts = new LineParts();

  constructor(fields: readonly (readonly Target[])[]) {
    this.#fields = fields;
    const places: (readonly string[])[] = [];
    for (const [index, targets] of fields.entries()) {
      for (const target of targets) {
        if (target.kind !== 'pointer') continue;
        places.push(target.tokens);
        this.#pointed.push(index);
      }
    }
    this.#walker = new JsonWalker(places);
  }

  /** Of each field its values, at most VALUES_MAX of them. Empty: it has none. The line has no LF. */
  of(line: Uint8Array): string[][] {
    const parts = this.#parts;
    parts.read(line, 0, line.length);
    const values = this.#fields.map((targets) =>
      targets.flatMap((target) => (target.kind === 'pointer' ? [] : partValues(parts, target))),
    );
    const { form, start, end } = parts;
    const bytes =
      form === 'value' ? line : form === 'none' ? null : looseJson(parts.bytesOf(parts.looseValue));
    if (bytes === null) return values;
    const [from, to] = form === 'value' ? [start, end] : [0, bytes.length];
    this.#walker.walk(bytes, from, to, (place, kind, where, first, last) => {
      const found = values[this.#pointed[place] as number] as string[];
      if (kind !== 'object' && found.length < VALUES_MAX) found.push(decodedString(where, first, last));
      return false;
    });
    return values;
  }

  /** The value as text. Null: there is none, or it is no text. */
  static valueText(line: Uint8Array): string | null {
    const parts = new LineParts();
    parts.read(line, 0, line.length);
    if (parts.form === 'none') return null;
    if (parts.form === 'value') return textOf(line.subarray(parts.start, parts.end));
    return textOf(parts.bytesOf(parts.looseValue));
  }
}

function partValues(parts: LineParts, target: Exclude<Target, { readonly kind: 'pointer' }>): string[] {
  const all =
    target.kind === 'key'
      ? [parts.key]
      : parts
          .headers()
          .flatMap(({ name, value }) => (textOf(parts.bytesOf(name)) === target.name ? [value] : []));
  return all.flatMap((part) => (part === null ? [] : (textOf(parts.bytesOf(part)) ?? [])));
}
