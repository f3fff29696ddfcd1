// Is a killed process waited for until it holds nothing any more?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOver } from '../../../localstack/native/process.ts';

describe.runIf(process.platform === 'linux')('a process of the stack is over', () => {
  let proc: string;
  beforeAll(() => {
    proc = mkdtempSync(path.join(tmpdir(), 'ledgerstone-proc-'));
  });
  afterAll(() => rmSync(proc, { recursive: true }));

  const standing = (pid: number, state: string, threads: number) => {
    for (let thread = 0; thread < threads; thread++)
      mkdirSync(path.join(proc, String(pid), 'task', String(pid + thread)), { recursive: true });
    writeFileSync(path.join(proc, String(pid), 'stat'), `${pid} (java) Z) ${state} 1 ${pid} 0`);
    return isOver(pid, proc);
  };

  it.each([
    ['runs', 'S', 1, false],
    ['ends, and one of its threads has not', 'Z', 2, false],
    ['has ended, and its parent has not asked for it', 'Z', 1, true],
    ['is dead', 'X', 1, true],
  ] as const)('not before its last thread: it %s', (_, state, threads, over) => {
    expect(standing(100 + threads + state.charCodeAt(0), state, threads)).toBe(over);
  });

  it('when nothing is known of it', () => {
    expect(isOver(1_000_000, proc)).toBe(true);
  });

  it('a real one', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const pid = child.pid as number;
    expect(isOver(pid)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isOver(pid)).toBe(true);
  });
});
