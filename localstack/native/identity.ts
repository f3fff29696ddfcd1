// Is a process still the same one, and not another with the same number?
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * "pid-start", usable in a file name. Process ids are used again, in containers within minutes. A pid and its
 * start time together are unique.
 */
export function processIdentity(pid: number): string | undefined {
  const start = process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
  return start === undefined ? undefined : `${pid}-${start.replaceAll(/[^0-9A-Za-z]+/g, '_')}`;
}

/** The identity of this process. */
export const ownIdentity = (): string => processIdentity(process.pid) ?? `${process.pid}-unknown`;

export const isIdentityAlive = (identity: string): boolean =>
  processIdentity(Number.parseInt(identity, 10)) === identity;

/**
 * Field 22 of proc(5) stat, in clock ticks since boot. The name in field 2 can have spaces and parentheses.
 */
function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : rest[18];
  } catch {
    return undefined;
  }
}

function startFromPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
