// How are times written in a manifest? (RFC 3339, UTC)
import { FormatError } from '../base/error.ts';

/** The greatest time that can be written: 9999-12-31T23:59:59.999Z. */
export const TIME_MS_MAX = 253_402_300_799_999;

const isTime = (ms: number): boolean => Number.isInteger(ms) && ms >= 0 && ms <= TIME_MS_MAX;

/** With milliseconds. Throws FormatError outside of 0…TIME_MS_MAX. */
export function timeText(ms: number): string {
  if (!isTime(ms)) throw new FormatError(`no time that can be written: ${ms} ms`);
  return new Date(ms).toISOString();
}

/** In whole seconds, rounded up: a lock never ends before its policy says. */
export function untilText(ms: number): string {
  return timeText(Math.ceil(ms / 1000) * 1000).replace('.000Z', 'Z');
}

/** Milliseconds of what timeText gave. Throws FormatError on any other text. */
export function parseTime(text: string): number {
  const ms = Date.parse(text);
  if (!isTime(ms) || new Date(ms).toISOString() !== text) throw notATime(text);
  return ms;
}

/** Milliseconds of what untilText gave. Throws FormatError on any other text. */
export function parseUntil(text: string): number {
  const ms = Date.parse(text);
  if (!isTime(ms) || new Date(ms).toISOString().replace('.000Z', 'Z') !== text || text.includes('.'))
    throw notATime(text);
  return ms;
}

const notATime = (text: string): FormatError =>
  new FormatError(`not a time: ${JSON.stringify(text.slice(0, 40))}`);

/** `2026-11-30`: a UTC day that the calendar has. */
export const isDay = (date: string): boolean =>
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/.test(date) &&
  new Date(`${date}T00:00:00.000Z`).toISOString().slice(0, 10) === date;
