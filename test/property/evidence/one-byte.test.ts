// Is one changed byte of a package one finding, wherever it stands?
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTrustedKeys } from '../../../src/apps/cli/keys.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { publicKeyFromSpki } from '../../../src/base/signature.ts';
import { checkPackage } from '../../../src/evidence/check.ts';
import { ENGLISH, findingText } from '../../../src/evidence/texts.ts';
import { type Files, filesOf, type PackageWorld, packageWorld } from '../../support/package-world.ts';

let world: PackageWorld;
let zip: string;
beforeAll(async () => {
  world = await packageWorld();
  zip = await world.exported('case.zip', '--sign-key', world.at('export-key.pem'));
});
afterAll(() => world.remove());

const createPublic = (file: string) =>
  publicKeyFromSpki(
    new Uint8Array(createPublicKey(readFileSync(file)).export({ type: 'spki', format: 'der' })),
  );

describe('a changed package', () => {
  /** With one bit of one byte turned. */
  const flipped = (files: Files, path: string, at: number): Files => {
    const bytes = Uint8Array.from(files.get(path) as Uint8Array);
    bytes[at] = (bytes[at] as number) ^ 1;
    return new Map(files).set(path, bytes);
  };

  it('one byte is one finding, which names the file or the event, in whatever file it stands', async () => {
    const files = filesOf(zip);
    const given = {
      log: await readTrustedKeys([world.at('archive.vkey')]),
      cosigners: null,
      signers: [createPublic(world.at('export-key.pem'))],
    };
    const lines = Buffer.from(files.get('events/orders/0.jsonl') as Uint8Array);
    for (const [path, bytes] of files) {
      if (path === 'manifest.dsse.json' || (path.startsWith('proofs/') && !path.includes('12.'))) continue;
      const step = path === 'events/orders/0.jsonl' ? 31 : Math.ceil(bytes.length / 4);
      for (let at = 0; at < bytes.length; at += step) {
        const { findings } = await checkPackage(flipped(files, path, at), { given, sha256: nodeSha256 });
        const texts = findings.map((finding) => findingText(ENGLISH, finding));
        expect([path, at, texts]).toEqual([path, at, [expect.any(String)]]);
        if (path === 'events/orders/0.jsonl') {
          const line = lines.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
          const where = lines[at] === 0x0a ? `line ${line}` : `line ${line} of ${path} was changed`;
          expect([at, texts[0]]).toEqual([at, expect.stringContaining(where)]);
        } else expect(texts[0]).toContain(path);
        expect(texts[0]).not.toMatch(/taken out|added|asked for/);
      }
    }
  });
});
