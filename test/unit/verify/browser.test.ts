// Does the verifier run where there is no Node?
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import type { Sha256, Sha256Into } from '../../../src/base/hash.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeVkey, type parseVkeyFile } from '../../../src/format/vkey.ts';
import { leafHash } from '../../../src/merkle/tree.ts';
import type { portableChecker } from '../../../src/verify/block-checker.ts';
import { buildEventProof, type checkEventProof } from '../../../src/verify/event-proof.ts';
import { openSeal } from '../../../src/verify/open-seal.ts';
import type { verifyArchive } from '../../../src/verify/verify.ts';
import { ArchiveBuilder, entries, NOW_MS } from '../../support/archive-builder.ts';
import { tools } from './run-verify.ts';

const ENTRY = `
  export { verifyArchive } from './src/verify/verify.ts';
  export { checkEventProof } from './src/verify/event-proof.ts';
  export { portableChecker } from './src/verify/block-checker.ts';
  export { portableSha256, portableSha256Into } from './src/base/hash.ts';
  export { parseVkeyFile } from './src/format/vkey.ts';
`;

/** What a browser has of what the verifier could want: no require, no process, no Buffer. */
const BROWSER_GLOBALS = ['TextEncoder', 'TextDecoder', 'crypto', 'AbortSignal', 'atob', 'btoa'] as const;

type Bundle = {
  readonly verifyArchive: typeof verifyArchive;
  readonly checkEventProof: typeof checkEventProof;
  readonly portableChecker: typeof portableChecker;
  readonly portableSha256: Sha256;
  readonly portableSha256Into: Sha256Into;
  readonly parseVkeyFile: typeof parseVkeyFile;
};

async function bundle(): Promise<Bundle> {
  const root = new URL('../../..', import.meta.url).pathname;
  const result = await build({
    stdin: { contents: ENTRY, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'verifier',
    write: false,
    logLevel: 'silent',
  });
  const [file] = result.outputFiles;
  const globals = Object.fromEntries(BROWSER_GLOBALS.map((name) => [name, globalThis[name]]));
  // The realm's own typed arrays would not be those that WebCrypto of this one knows.
  const context = createContext({ ...globals, Uint8Array, ArrayBuffer, DataView, Promise });
  runInContext(`${file?.text}\n;globalThis.verifier = verifier;`, context);
  return context['verifier'] as Bundle;
}

describe('in a browser', () => {
  it('an archive is verified, and a changed one is not', async () => {
    const verifier = await bundle();
    const builder = new ArchiveBuilder();
    const built = await builder.chain().fill(2, 5);
    const vkeys = builder.trusted.map(encodeVkey).join('\n');
    const { portableSha256: sha256, portableSha256Into: sha256Into } = verifier;
    const options = {
      trusted: verifier.parseVkeyFile(vkeys, sha256),
      depth: 'content' as const,
      nowMs: NOW_MS,
      sha256,
      checker: verifier.portableChecker({ sha256, sha256Into, decompress: tools.decompress }),
    };
    const report = await verifier.verifyArchive(builder.archive, options);
    expect(report).toMatchObject({ verdict: 'verified', chains: [{ checked: { lines: 10 } }] });
    builder.archive.alter(built[1]?.dataKey ?? '', (bytes) => bytes.with(30, 0));
    expect(await verifier.verifyArchive(builder.archive, options)).toMatchObject({ verdict: 'broken' });
  });

  it('an event is checked against its proof', async () => {
    const verifier = await bundle();
    const builder = new ArchiveBuilder();
    const { sealKey, lines } = await builder.chain().seal({ lines: entries(0, 5) });
    const bytes = builder.archive.bytesOf(sealKey) as Uint8Array;
    const opened = await openSeal(bytes, { trusted: builder.trusted, sha256: nodeSha256 });
    const leaves = lines.map((line) => leafHash(nodeSha256, line));
    const input = {
      proof: buildEventProof(opened, leaves, 3, nodeSha256),
      line: lines[3] as Uint8Array,
      trusted: verifier.parseVkeyFile(builder.trusted.map(encodeVkey).join('\n'), verifier.portableSha256),
      sha256: verifier.portableSha256,
    };
    expect(await verifier.checkEventProof(input)).toMatchObject({ verdict: 'verified', offset: 3 });
    expect(await verifier.checkEventProof({ ...input, line: lines[2] as Uint8Array })).toMatchObject({
      verdict: 'broken',
    });
  });
});
