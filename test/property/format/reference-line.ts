// What would the line be if speed did not matter? FORMAT.md's rules in the plainest words, to hold the writer against.
import { Buffer } from 'node:buffer';
import type { KafkaRecord } from '../../../src/format/record.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** The JSON string, where bytes may be one: UTF-8, and no longer than their base64. */
function stringOf(bytes: Uint8Array): string | null {
  const text = textOf(bytes);
  if (text === null) return null;
  const json = JSON.stringify(text);
  return Buffer.byteLength(json) - 2 <= base64(bytes).length ? json : null;
}

function nesting(value: unknown): number {
  return typeof value === 'object' && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map(nesting))
    : 0;
}

function jsonOf(bytes: Uint8Array): string | null {
  const text = textOf(bytes);
  if (text === null || /[\r\n]/.test(text)) return null;
  try {
    return nesting(JSON.parse(text)) <= 63 && isForStrictReaders(text) ? text : null;
  } catch {
    return null;
  }
}

/** Of text that is JSON: no escape of half a character, and no number of more than 1000 characters. */
function isForStrictReaders(text: string): boolean {
  const strings = text.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  const halves = strings.some((string) => {
    const units = string.replace(/\\[^u]/g, '').replace(/\\ud[89ab]..\\ud[c-f]../gi, '');
    return /\\ud[89a-f]/i.test(units);
  });
  const rest = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  return !halves && !/[-+.0-9eE]{1001}/.test(rest);
}

const part = (bytes: Uint8Array) => stringOf(bytes) ?? `{"base64":"${base64(bytes)}"}`;

export function referenceLine(record: KafkaRecord): Uint8Array {
  const members = [`"offset":${record.offset}`, `"timestamp":${record.timestamp}`];
  if (record.timestampType === 'append') members.push('"timestampType":"append"');
  if (record.key !== null) {
    const key = stringOf(record.key);
    members.push(key === null ? `"keyBase64":"${base64(record.key)}"` : `"key":${key}`);
  }
  if (record.headers.length > 0) {
    const pairs = record.headers.map(
      ({ name, value }) => `[${part(name)},${value === null ? 'null' : part(value)}]`,
    );
    members.push(`"headers":[${pairs.join(',')}]`);
  }
  if (record.value !== null) {
    const json = jsonOf(record.value);
    const text = stringOf(record.value);
    if (json !== null) members.push(`"value":${json}`);
    else members.push(text === null ? `"base64":"${base64(record.value)}"` : `"text":${text}`);
  }
  return new Uint8Array(Buffer.from(`{${members.join(',')}}`));
}
