// Does a seal open only when everything in it holds together and a trusted key signed it?
import { describe, expect, it } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { FormatError, LedgerstoneError } from '../../../src/base/error.ts';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import { verifierKey } from '../../../src/format/vkey.ts';
import { append, rootOf } from '../../../src/merkle/tree.ts';
import type { FindingCode } from '../../../src/verify/finding.ts';
import {
  inspectSeal,
  isRead,
  type OpenedSeal,
  type OpenSealContext,
  openSeal,
  problemOf,
  type SealInspection,
  signersOf,
  trustProblem,
} from '../../../src/verify/open-seal.ts';
import {
  ArchiveBuilder,
  archiveKey,
  type ChainBuilder,
  ORIGIN,
  type SegmentWords,
  signer,
} from '../../support/archive-builder.ts';

const CHAIN_ORIGIN = `${ORIGIN}/orders/0`;

async function sealWith(
  words: SegmentWords = {},
  segments = 4,
): Promise<{ chain: ChainBuilder; bytes: Uint8Array }> {
  const builder = new ArchiveBuilder();
  const chain = builder.chain();
  await chain.fill(segments - 1, 2);
  const { sealKey } = await chain.seal(words);
  return { chain, bytes: builder.archive.bytesOf(sealKey) as Uint8Array };
}

const context = (change: Partial<OpenSealContext> = {}): OpenSealContext => ({
  trusted: [archiveKey(signer())],
  sha256,
  ...change,
});

describe('openSeal', () => {
  it.each([1, 2, 3, 4, 5, 8, 9])('gives what a writer goes on from, at size %i', async (segments) => {
    const { chain, bytes } = await sealWith({}, segments);
    const opened = await openSeal(bytes, context({ origin: CHAIN_ORIGIN, sequence: segments }));
    expect(opened.manifest.sequence).toBe(segments);
    expect(opened.frontier.size).toBe(segments + 1);
    expect(rootOf(sha256, opened.frontier)).toEqual(opened.root);
    expect(opened.signedKeys.map(({ name }) => name)).toEqual([CHAIN_ORIGIN]);
    // The next segment, appended to it, has the root that the next seal is signed for.
    const next = await chain.seal();
    const nextSeal = await openSeal(chain.builder.archive.bytesOf(next.sealKey) as Uint8Array, context());
    expect(nextSeal.manifest.previous).toBe(opened.manifestHash);
    const grown = append(sha256, opened.frontier, sha256(new Uint8Array([0, ...next.manifestBytes])));
    expect(rootOf(sha256, grown)).toEqual(nextSeal.root);
  });

  it('believes a key named with the chain itself', async () => {
    const { bytes } = await sealWith();
    await expect(
      openSeal(bytes, context({ trusted: [archiveKey(signer(), CHAIN_ORIGIN)] })),
    ).resolves.toBeDefined();
  });

  it('leaves signatures of unknown keys alone', async () => {
    const { bytes } = await sealWith({
      note: (note) =>
        utf8(`${utf8Text(note)}— witness.example.com ${Buffer.alloc(68, 7).toString('base64')}\n`),
    });
    await expect(openSeal(bytes, context())).resolves.toBeDefined();
  });

  it('stays shut when a trusted key that it does not name signed badly', async () => {
    const other = archiveKey(signer('other'));
    const named = verifierKey(CHAIN_ORIGIN, other.key, sha256);
    const line = Buffer.concat([named.id, Buffer.alloc(64, 7)]).toString('base64');
    const { bytes } = await sealWith({
      note: (note) => utf8(`${utf8Text(note)}— ${CHAIN_ORIGIN} ${line}\n`),
    });
    await expect(openSeal(bytes, context())).resolves.toBeDefined();
    const trusted = [archiveKey(signer()), other];
    await expect(openSeal(bytes, context({ trusted }))).rejects.toMatchObject({ code: 'bad-signature' });
  });

  const bad: readonly {
    readonly name: string;
    readonly code: string;
    readonly words?: SegmentWords;
    readonly context?: Partial<OpenSealContext>;
  }[] = [
    { name: 'no key is trusted', code: 'no-trusted-key', context: { trusted: [] } },
    {
      name: 'the trusted key is of another archive',
      code: 'no-trusted-key',
      context: { trusted: [archiveKey(signer(), 'audit.example.com/pro')] },
    },
    {
      name: 'the trusted key is another one',
      code: 'unknown-key',
      context: { trusted: [archiveKey(signer('other'))] },
    },
    { name: 'it is of another chain', code: 'malformed', context: { origin: `${ORIGIN}/orders/1` } },
    { name: 'it is of another place', code: 'sequence-gap', context: { sequence: 3 } },
    {
      name: 'the manifest is not under the root',
      code: 'root-mismatch',
      words: {
        manifestText: (t) => t.replace('1.0.0', '1.0.1'),
        root: (root) => root.with(0, (root[0] as number) ^ 1),
      },
    },
    {
      name: 'a hash of the path is another',
      code: 'root-mismatch',
      words: { path: (path) => path.with(0, new Uint8Array(32)) },
    },
    { name: 'the path is too short', code: 'malformed', words: { path: (path) => path.slice(1) } },
    {
      name: 'the path is too long',
      code: 'malformed',
      words: { path: (path) => [...path, new Uint8Array(32)] },
    },
    {
      name: 'the signature is of another text',
      code: 'bad-signature',
      words: {
        note: (note) => {
          const [text = '', signature = ''] = utf8Text(note).split('\n\n');
          const [name, id] = [signature.slice(0, signature.lastIndexOf(' ')), signature.slice(-200)];
          const raw = Buffer.from(signature.slice(signature.lastIndexOf(' ') + 1).trim(), 'base64');
          raw[raw.length - 1] = (raw.at(-1) as number) ^ 1;
          return utf8(`${text}\n\n${name} ${raw.toString('base64')}\n${id.slice(0, 0)}`);
        },
      },
    },
    {
      name: 'a listed key did not sign',
      code: 'bad-signature',
      words: {
        signers: [signer(), signer('second')],
        note: (note) => utf8(`${utf8Text(note).trimEnd().split('\n').slice(0, -1).join('\n')}\n`),
      },
    },
    {
      name: 'there are bytes after it',
      code: 'malformed',
      words: { seal: (seal) => new Uint8Array([...seal, 10]) },
    },
    { name: 'it is cut', code: 'malformed', words: { seal: (seal) => seal.subarray(0, 200) } },
    { name: 'it is empty', code: 'malformed', words: { seal: () => new Uint8Array(0) } },
    { name: 'it is huge', code: 'malformed', words: { seal: () => new Uint8Array(1 << 20).fill(65) } },
  ];

  it.each(bad)('stays shut when $name', async ({ code, words = {}, context: change = {} }) => {
    const { bytes } = await sealWith(words);
    await expect(openSeal(bytes, context(change))).rejects.toMatchObject({ name: 'VerifyError', code });
  });
});

describe('problemOf', () => {
  it.each([
    { error: new FormatError('a', 'offset-gap'), code: 'offset-gap' },
    { error: new FormatError('a'), code: 'malformed' },
    { error: new FormatError('a', 'no-such-code'), code: 'malformed' },
    { error: new LedgerstoneError('offset-gap', 'a'), code: 'malformed' },
    { error: Object.assign(new Error('a'), { code: 'offset-gap' }), code: 'malformed' },
    { error: 'a', code: 'malformed' },
  ])('calls $error $code', ({ error, code }) => {
    expect(problemOf(error)).toEqual({ code, expected: null, found: 'a' });
  });
});

describe('what can be said of an inspected seal', () => {
  async function inspected(codes: readonly FindingCode[], isOpened = true): Promise<SealInspection> {
    const opened = isOpened ? await openSeal((await sealWith()).bytes, context()) : null;
    const problems = codes.map((code) => ({ code, expected: null, found: null }));
    return { opened, problems, signaturesChecked: 0 };
  }

  it.each<{ codes: FindingCode[]; isSigned: boolean }>([
    { codes: [], isSigned: true },
    { codes: ['root-mismatch'], isSigned: true },
    { codes: ['bad-signature'], isSigned: false },
    { codes: ['root-mismatch', 'sequence-gap'], isSigned: false },
  ])('with $codes it has signers: $isSigned', async ({ codes, isSigned }) => {
    const inspection = await inspected(codes);
    expect(signersOf(inspection, CHAIN_ORIGIN)).toEqual(isSigned ? inspection.opened?.signedKeys : null);
    expect(signersOf(inspection, `${ORIGIN}/orders/1`)).toBeNull();
    expect(signersOf(await inspected(codes, false), CHAIN_ORIGIN)).toBeNull();
  });

  it('it was read if it was opened, or if anything but the store was at fault', async () => {
    expect(isRead(await inspected(['unreadable']))).toBe(true);
    expect(isRead(await inspected(['unreadable'], false))).toBe(false);
    expect(isRead(await inspected(['malformed'], false))).toBe(true);
    expect(isRead(await inspected(['unreadable', 'malformed'], false))).toBe(true);
  });
});

it('names all keys of a seal where none of them is trusted', async () => {
  const signers = [signer('one'), signer('two')];
  const builder = new ArchiveBuilder({ signers });
  const { sealKey, manifest } = await builder.chain().seal({ signers });
  const bytes = builder.archive.bytesOf(sealKey) as Uint8Array;
  const other = new ArchiveBuilder({ signers: [signer('other')] }).trusted;
  expect(manifest.keys).toHaveLength(2);
  for (const [trusted, code] of [
    [[], 'no-trusted-key'],
    [other, 'unknown-key'],
  ] as const) {
    const { opened } = await inspectSeal(bytes, { trusted, sha256, origin: manifest.origin, sequence: 0 });
    expect(trustProblem(opened as OpenedSeal, { trusted, sha256 })).toMatchObject({
      code,
      found: manifest.keys.join(' '),
    });
  }
});
