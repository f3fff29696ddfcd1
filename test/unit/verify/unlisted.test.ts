// Does one folder that can't be listed hide what is wrong with the rest of an archive?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directoryStore } from '../../../src/store/directory.ts';
import { realFiles } from '../../../src/store/directory-files.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { verify } from './run-verify.ts';

let dir: string;
let builder: ArchiveBuilder;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-unlisted-'));
  builder = new ArchiveBuilder();
  for (const name of ['logins', 'orders']) {
    const chain = builder.chain(name);
    const segment = await chain.seal({ lines: entries(0, 3) });
    if (name === 'orders') builder.archive.alter(segment.dataKey ?? '', (bytes) => bytes.subarray(1));
  }
  for (const key of ['foreign', 'a.b']) builder.archive.put(key, new Uint8Array([1]));
  writeCopy(builder.archive, dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** `closed`: the end of the path of a folder that may not be listed, or of a file that may not be looked at. */
async function report(closed: string) {
  const refuse = (path: unknown) => {
    if (String(path).replace(/\/$/, '').endsWith(closed))
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  };
  const files = {
    ...realFiles,
    opendir: async (...args: Parameters<typeof realFiles.opendir>) => {
      refuse(args[0]);
      return realFiles.opendir(...args);
    },
    lstat: (async (...args: Parameters<typeof realFiles.lstat>) => {
      if (closed.includes('.')) refuse(args[0]);
      return realFiles.lstat(...args);
    }) as typeof realFiles.lstat,
  };
  const { verdict, chains, findings } = await verify(directoryStore({ path: dir, files }), {
    trusted: builder.trusted,
  });
  const codes = (found: typeof findings) => found.map(({ code, key }) => `${code} ${key}`);
  return {
    verdict,
    chains: chains.map(({ chain, verdict: of, findings: its }) => [chain, of, its.map(({ code }) => code)]),
    findings: codes(findings).filter((text) => !text.includes('keys/') && !text.includes('FORMAT')),
  };
}

describe('what can not be listed', () => {
  it('beside the chains is a finding, and everything else is judged', async () => {
    const seen = await report(`${dir}/keys`);
    expect(seen.verdict).toBe('broken');
    expect(seen.chains.map(([chain, verdict]) => [chain, verdict])).toEqual([
      ['logins', 'verified'],
      ['orders', 'broken'],
    ]);
    expect(seen.findings).toContain('foreign-object foreign');
  });

  it('above some chains hides those, and no other', async () => {
    const seen = await report('seals/topic=logins');
    expect(seen.findings).toContain('unreadable seals/topic=logins/');
    expect(seen.findings).toContain('foreign-object foreign');
    expect(seen.chains.find(([chain]) => chain === 'orders')?.[1]).toBe('broken');
    // What is known of it by its data could be opened; whether it has other partitions is not known.
    expect(seen.chains.map(([chain]) => chain)).toEqual(['logins', 'orders']);
  });

  it.each(['seals', 'data'])(
    'in a chain (%s) leaves that one unverifiable, and the other broken',
    async (root) => {
      const seen = await report(`${root}/topic=logins/partition=0`);
      expect(seen.chains).toContainEqual(['logins', 'unverifiable', expect.arrayContaining(['unreadable'])]);
      expect(seen.chains.find(([chain]) => chain === 'orders')?.[1]).toBe('broken');
      expect(seen.verdict).toBe('broken');
      // The chain says it, and only the chain.
      expect(seen.findings.filter((text) => text.startsWith('unreadable'))).toEqual([]);
    },
  );

  it('a file that may not be looked at is a finding too', async () => {
    const seen = await report('/a.b');
    expect(seen.findings).toEqual(expect.arrayContaining(['unreadable a.b', 'foreign-object foreign']));
  });

  it('at the root is still an error: nothing was seen', async () => {
    await expect(report(dir)).rejects.toThrow('EACCES');
  });
});
