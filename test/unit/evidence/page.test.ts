// Is the page the same from the same sources, shut off from every network, and right about signatures?
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { buildPage } from '../../../src/apps/cli/page-build.ts';
import { verifySignature } from '../../../src/base/signature.ts';
import { browserVerifier, portableVerify } from '../../../src/evidence/page/signatures.ts';
import { LANGUAGES } from '../../../src/evidence/page/words.ts';
import { memorySigner } from '../../support/memory-signer.ts';

const page = async (): Promise<string> => Buffer.from(await buildPage()).toString();
const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

describe('the page', () => {
  it('is the same from the same sources', async () => {
    expect(await page()).toBe(await page());
  });

  it('may run its one script, show its one style, and nothing else', async () => {
    const text = await page();
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1];
    const [script = ''] = [...text.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
      ([, inside = '']) => inside,
    );
    const [style = ''] = [...text.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, inside = '']) => inside);
    expect(policy?.split('; ')).toEqual([
      "default-src 'none'",
      `script-src '${hashOf(script)}'`,
      `style-src '${hashOf(style)}'`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(text).not.toMatch(/ (src|href|on[a-z]+|style)=/);
    expect(text.match(/<(script|style|link|iframe|img|object|base)\b/g)).toEqual(['<style', '<script']);
    // Two thirds of it read time-stamps (decision 0117); without them it was 217,000.
    expect(Buffer.byteLength(text)).toBeLessThan(680_000);
  });

  it('carries the licence of each package that is in it', async () => {
    const text = await page();
    const notices = text.slice(text.lastIndexOf('<!--'));
    const named = [...notices.matchAll(/^((?:@[a-z]+\/)?[a-z0-9-]+) \d+\.\d+\.\d+$/gm)].map(
      ([, name]) => name,
    );
    expect(named).toEqual([
      ...['@noble/curves', '@noble/hashes', '@noble/post-quantum', '@peculiar/utils'],
      ...['asn1js', 'bytestreamjs', 'fflate', 'pkijs'],
    ]);
    expect(notices.match(/^(The )?MIT License/gm)).toHaveLength(5);
    expect(notices.match(/^Redistribution and use in source and binary forms/gm)).toHaveLength(3);
    expect(notices.match(/--/g)).toEqual(['--', '--']);
  });

  it('has all words in both languages, with the same blanks', () => {
    const blanks = (text: string): string[] => (text.match(/\{[a-z]+\}/g) ?? []).sort();
    const { en, de } = LANGUAGES;
    for (const [name, text] of Object.entries(en.words)) {
      expect([name, blanks(de.words[name as keyof typeof de.words])]).toEqual([name, blanks(text)]);
    }
    for (const part of ['findings', 'verdict'] as const) {
      expect(Object.keys(de.texts[part])).toEqual(Object.keys(en.texts[part]));
      for (const [name, text] of Object.entries(en.texts[part])) {
        const german = (de.texts[part] as Readonly<Record<string, string>>)[name] ?? '';
        expect([name, blanks(german)]).toEqual([name, blanks(text)]);
        expect(german).not.toBe(text);
      }
    }
    expect(de.texts.notProven).toHaveLength(en.texts.notProven.length);
  });
});

describe('signatures without WebCrypto', () => {
  afterEach(() => vi.restoreAllMocks());
  const message = Buffer.from('a checkpoint');

  it.each(['ed25519', 'ecdsa-p256'] as const)('%s: the same as with it', async (algorithm) => {
    const signer = memorySigner({ seed: 'a', algorithm });
    const other = memorySigner({ seed: 'b', algorithm }).publicKey;
    // ECDSA signs anew each time, about every second one with a high s.
    for (let round = 0; round < 8; round++) {
      const good = await signer.sign(message);
      const cases: [Uint8Array, typeof other, Uint8Array][] = [
        [good, signer.publicKey, message],
        [good, other, message],
        [good, signer.publicKey, Buffer.from('another')],
        [good.subarray(1), signer.publicKey, message],
        [Uint8Array.from([...good, 0]), signer.publicKey, message],
        [good.with(good.length - 1, (good.at(-1) ?? 0) ^ 1), signer.publicKey, message],
        [new Uint8Array(64), signer.publicKey, message],
        [new Uint8Array(0), signer.publicKey, message],
        [good, { algorithm, spki: signer.publicKey.spki.with(40, 0).with(41, 0) }, message],
      ];
      for (const [signature, key, of] of cases) {
        expect(await portableVerify(key, of, signature)).toBe(await verifySignature(key, of, signature));
      }
      expect(await portableVerify(signer.publicKey, message, good)).toBe(true);
    }
  });

  it('a browser that does not know Ed25519 is not taken for a bad signature', async () => {
    const { importKey } = crypto.subtle;
    vi.spyOn(crypto.subtle, 'importKey').mockImplementation(((
      format: 'spki',
      spki: BufferSource,
      kind: { name: string },
      ...rest: [boolean, KeyUsage[]]
    ) => {
      if (kind.name === 'Ed25519') throw new DOMException('unknown', 'NotSupportedError');
      return importKey.call(crypto.subtle, format, spki, kind, ...rest);
    }) as typeof importKey);
    const signer = memorySigner({ seed: 'never seen before', algorithm: 'ed25519' });
    const signature = await signer.sign(message);
    expect(await verifySignature(signer.publicKey, message, signature)).toBe(false);
    const verify = await browserVerifier();
    expect(await verify(signer.publicKey, message, signature)).toBe(true);
    expect(await verify(signer.publicKey, Buffer.from('x'), signature)).toBe(false);
  });
});
