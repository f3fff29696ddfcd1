// Do the commands that read an archive agree with the verifier, over every frozen archive?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { directoryStore } from '../../src/store/directory.ts';
import type { ChainReport } from '../../src/verify/report.ts';
import { ledgerstone } from '../unit/cli/captured-io.ts';
import { writeCopy } from '../support/archive-builder.ts';
import { readArchiveVectors, thawArchive } from './archive-vector.ts';
import { runVector } from './run-vector.ts';

/** Data that was promised for a shorter time. */
const EXPIRED = /is not there any more/;
/** Such as a chain whose key was replaced: only `verify` follows that. Exit code 3, and it says so. */
const UNTRUSTED = /unknown-key|no-trusted-key/;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgerstone-agree-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** What `get --prove` of a whole chain is held to: each segment and the one before. */
const isOfSegments = ({ findings }: ChainReport): boolean =>
  findings.some(({ key, code }) => key !== null && code !== 'fork');

for (const vector of readArchiveVectors().filter(({ copy, trusted }) => copy !== null && trusted.length > 0)) {
  test(vector.name, async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(vector.now) });
    const archive = join(folder, 'archive');
    writeCopy(thawArchive(vector), archive);
    writeFileSync(join(folder, 'keys'), `${vector.trusted.join('\n')}\n`);
    const key = ['--key', join(folder, 'keys')];
    const { leastLock: _, greatestLock: __, ...plain } = vector;
    const report = await runVector({ ...plain, since: [], staleAfterMs: null }, directoryStore({ path: archive }));
    const ran = await Promise.all([
      ...['status', 'losses'].map(async (command) => ({
        command,
        chain: null,
        ...(await ledgerstone([command, archive, ...key])),
      })),
      ...report.chains.flatMap((chain) => {
        const place = [archive, '--topic', chain.chain, '--partition', String(chain.partition), ...key];
        return [['show'], ['get', '--prove']].map(async ([command = '', ...options]) => ({
          ...{ command, chain },
          ...(await ledgerstone([command, ...place, ...options])),
        }));
      }),
    ]);
    for (const { command, chain, code, out, err } of ran) {
      const verdict = chain?.verdict ?? report.verdict;
      const said = `${command} ${chain?.chain ?? ''}: ${code} ${err}`;
      if (verdict !== 'broken') expect(code, said).not.toBe(1);
      if (verdict === 'verified' && ![UNTRUSTED, EXPIRED].some((one) => one.test(`${out}${err}`)))
        expect(code, said).toBe(0);
      // What one chain says of another is not asked there.
      const isAlone = report.chains.every(({ continues }) => continues === null);
      const isBroken = chain?.verdict === 'broken' && isOfSegments(chain);
      if (command === 'get' && isAlone && isBroken) expect(code, said).not.toBe(0);
    }
  });
}
