// Under which keys does the verifier keep the reports of fanned-out passes?
import { assert } from '../../base/assert.ts';
import type { FanRun } from './fan-event.ts';

const root = 'passes/full/';

/** `passes/full/<seconds>-<name>.note`: when the run began, and its name. */
export function fullPassKey({ name, startedAt }: FanRun): string {
  const seconds = Math.floor(Date.parse(startedAt) / 1000);
  assert(seconds >= 0 && seconds < 1e12, `a pass that began at ${seconds} s`);
  return `${root}${String(seconds).padStart(12, '0')}-${name}.note`;
}

export function parseFullPassKey(key: string): { readonly startedMs: number; readonly name: string } | null {
  const [, seconds, name = ''] = /^passes\/full\/(\d{12})-([A-Za-z0-9_-]{1,80})\.note$/.exec(key) ?? [];
  return seconds === undefined ? null : { startedMs: Number(seconds) * 1000, name };
}
