// Which cells does a row of CSV have? (RFC 4180)
import { utf8Text } from '../base/bytes.ts';

/** Null: no UTF-8, or quotes that are none. A CR at the end is a part of the line's end. */
export function cellsOf(row: Uint8Array): string[] | null {
  let text: string;
  try {
    text = utf8Text(row);
  } catch {
    return null;
  }
  text = text.replace(/^\ufeff/, '').replace(/\r$/, '');
  const cells: string[] = [];
  for (let at = 0; ; ) {
    if (text[at] === '"') {
      let cell = '';
      for (at++; ; ) {
        const end = text.indexOf('"', at);
        if (end < 0) return null;
        cell += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at++;
      }
      cells.push(cell);
      if (at < text.length && text[at] !== ',') return null;
    } else {
      const end = text.indexOf(',', at);
      cells.push(text.slice(at, end < 0 ? text.length : end));
      at = end < 0 ? text.length : end;
    }
    if (at >= text.length) return cells;
    at++;
  }
}
