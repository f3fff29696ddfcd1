// Can two servers that start at once be given the same port?
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ownIdentity } from '../../../localstack/native/identity.ts';
import { freePorts, HOST } from '../../../localstack/native/ports.ts';

let root: string;
let reserved: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'ports-test-'));
  vi.stubEnv('TMPDIR', root);
  reserved = path.join(root, `ledgerstone-ports.${userInfo().uid}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** Below those of real stacks, which run beside these tests. */
const draws = (...ports: number[]) => {
  let next = 0;
  return () => ports[next++ % ports.length] as number;
};

it('gives a port to one of two that ask at once, though no server listens on it yet', async () => {
  const [one, other] = await Promise.all([
    freePorts(1, 0, draws(15_001, 15_002)),
    freePorts(1, 0, draws(15_001, 15_003)),
  ]);
  expect(new Set([...one, ...other]).size).toBe(2);
});

it('keeps it for this process, and says so in a file', async () => {
  expect(await freePorts(1, 0, draws(15_011))).toEqual([15_011]);
  expect(await readFile(path.join(reserved, '15011'), 'utf8')).toBe(ownIdentity());
  await expect(freePorts(1, 0, draws(15_011))).rejects.toThrow('found no 1 free TCP ports');
});

it('keeps the port above it too, for a server that opens both', async () => {
  expect(await freePorts(1, 1_000, draws(15_021))).toEqual([15_021]);
  expect(await freePorts(1, 0, draws(16_021, 15_022))).toEqual([15_022]);
  expect(await freePorts(1, 1_000, draws(32_000, 15_023))).toEqual([15_023]); // 33,000 is for outgoing ones
});

it('does not give a port on which somebody listens', async () => {
  const server = createServer();
  const taken = await new Promise<number>((resolve) => {
    server.listen(0, HOST, () => resolve((server.address() as { port: number }).port));
  });
  expect(await freePorts(1, 0, draws(taken, 15_031)).finally(() => server.close())).toEqual([15_031]);
});

it('gives the port of a process that is gone', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await mkdir(reserved);
  await writeFile(path.join(reserved, '15041'), `${pid}-1`);
  expect(await freePorts(1, 0, draws(15_041))).toEqual([15_041]);
});
