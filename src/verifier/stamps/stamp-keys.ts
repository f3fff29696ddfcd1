// Under which keys do stamps lie in the verifier's own bucket? (FORMAT.md 9.11.1)
import { isDay } from '../../format/time.ts';

export const stampsRoot = 'passes/stamps/';

/** `copy`: 0, or 1 to 9: it was written beside something else that lay at the key. */
export type StampListKey = { readonly date: string; readonly copy: number };
export type StampTokenKey = {
  readonly date: string;
  /** In seconds since 1970. */
  readonly genSeconds: number;
  /** When it shows nothing any more, as far as whoever wrote it knew. */
  readonly endsSeconds: number;
};

/** Of a day: its list and the copies of it come first in key order, then the tokens. */
export const stampPrefix = (date: string): string => `${stampsRoot}${date}`;

export const stampListKey = ({ date, copy }: StampListKey): string =>
  `${stampPrefix(date)}${copy === 0 ? '' : `.${copy}`}.note`;

export const stampTokenKey = ({ date, genSeconds, endsSeconds }: StampTokenKey): string =>
  `${stampPrefix(date)}/${twelve(genSeconds)}-${twelve(endsSeconds)}.tst`;

export function parseStampListKey(key: string): StampListKey | null {
  const match = /^passes\/stamps\/(\d{4}-\d\d-\d\d)(?:\.([1-9]))?\.note$/.exec(key);
  const [, date = '', copy = '0'] = match ?? [];
  return isDay(date) ? { date, copy: Number(copy) } : null;
}

export function parseStampTokenKey(key: string): StampTokenKey | null {
  const match = /^passes\/stamps\/(\d{4}-\d\d-\d\d)\/(\d{12})-(\d{12})\.tst$/.exec(key);
  const [, date = '', gen = '', ends = ''] = match ?? [];
  return isDay(date) ? { date, genSeconds: Number(gen), endsSeconds: Number(ends) } : null;
}

/** A certificate may end in the year 9999 and later than twelve digits reach. */
const twelve = (seconds: number): string =>
  String(Math.min(Math.max(0, seconds), 999_999_999_999)).padStart(12, '0');
