// Where does a JSON text end, and what stands at the places that are asked for? For one that is searched.
import type { JsonWatch } from '../base/json/json-watch.ts';
import { VALUE_DEPTH_MAX } from '../format/json-text.ts';
import { colonEnd, lowestByte, oddEnd, scalarEnd } from './json-end.ts';

/** What may come next. A value may if it is odd. DUE: one that is asked for. */
const NAME = 0;
const VALUE = 1;
const NAME_OR_CLOSE = 2;
const VALUE_OR_CLOSE = 3;
const DUE = 5;

/** What a container is. LEADING: an object that leads to a place. */
const ARRAY = 0;
const OBJECT = 1;
const LEADING = 2;

/** What the container around that depth is. Shared by all calls, since nothing here yields. */
const outer = new Uint8Array(VALUE_DEPTH_MAX);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TAB = 0x09;
const COMMA = 0x2c;

/**
 * `jsonEnd` once more, with the same answer for the same bytes, for a search that asks what stands where. In
 * one function the questions would make this step of `verify`, which has none, 12 % slower. They cost no
 * local variable here, so that the loop over strings has its registers.
 */
export function watchedEnd(bytes: Uint8Array, view: DataView, start: number, watch: JsonWatch): number {
  const last = bytes.length - 8;
  let at = start;
  let depth = 0;
  let inside = ARRAY;
  let next = watch.begin(start) ? DUE : VALUE;
  for (;;) {
    let byte = bytes[at] as number;
    if (byte === QUOTE) {
      at++;
      for (;;) {
        while (at <= last) {
          const low = view.getInt32(at, true);
          const high = view.getInt32(at + 4, true);
          const lowMask =
            (low | ((low ^ 0x02020202) - 0x21212121) | ((low ^ 0x5c5c5c5c) - 0x01010101)) & 0x80808080;
          const highMask =
            (high | ((high ^ 0x02020202) - 0x21212121) | ((high ^ 0x5c5c5c5c) - 0x01010101)) & 0x80808080;
          if ((lowMask | highMask) !== 0) {
            at += lowMask !== 0 ? lowestByte(lowMask) : 4 + lowestByte(highMask);
            break;
          }
          at += 8;
        }
        if (bytes[at] === QUOTE) break;
        if (bytes[at] === BACKSLASH) watch.escape(bytes, at);
        at = oddEnd(bytes, at);
        if (at < 0) return -1;
      }
      at++;
      if ((next & 1) === 0) {
        const name = at - 1;
        at = colonEnd(bytes, at);
        if (at < 0) return -1;
        next = inside === LEADING && watch.isAsked(bytes, name, at, depth) ? DUE : VALUE;
        continue;
      }
    } else if (byte === SPACE || byte === TAB) {
      at++;
      continue;
    } else if ((byte === 0x7d && next === NAME_OR_CLOSE) || (byte === 0x5d && next === VALUE_OR_CLOSE)) {
      inside = outer[--depth] as number;
      at++;
    } else if ((next & 1) === 0) {
      return -1;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (depth === VALUE_DEPTH_MAX) return -1;
      outer[depth++] = inside;
      inside = byte === 0x5b ? ARRAY : OBJECT;
      if (next === DUE && watch.leadsOn(byte === 0x7b, depth)) inside = LEADING;
      next = byte === 0x7b ? NAME_OR_CLOSE : VALUE_OR_CLOSE;
      at++;
      continue;
    } else {
      at = scalarEnd(bytes, at);
      if (at < 0) return -1;
    }
    if (next === DUE) watch.scalar(bytes, at);
    // After a value: the end, a comma, or the end of what it stands in.
    for (;;) {
      if (depth === 0) return at;
      byte = bytes[at++] as number;
      if (byte === COMMA) break;
      if (byte === (inside === ARRAY ? 0x5d : 0x7d)) inside = outer[--depth] as number;
      else if (byte !== SPACE && byte !== TAB) return -1;
    }
    next = inside === ARRAY ? VALUE : NAME;
  }
}
