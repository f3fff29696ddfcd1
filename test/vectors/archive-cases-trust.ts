// Which keys and which of their lines count? Frozen archives that two readers could judge in two ways.
import { equalBytes, toBase64, utf8, utf8Text } from '../../src/base/bytes.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { sealKey } from '../../src/format/paths.ts';
import { encodeVkey, verifierKey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, archiveKey, ORIGIN, START_MS, signer, YEAR_MS } from '../support/archive-builder.ts';
import { type ArchiveCase, archiveWith, type Made, spoilSignature, spoilt, written } from './archive-cases.ts';

const LOCK = { mode: 'COMPLIANCE', untilMs: START_MS + 9 * YEAR_MS } as const;
const withLine = (line: string) => (note: Uint8Array) => utf8(`${utf8Text(note)}${line}\n`);
const lastLine = (note: Uint8Array): string => utf8Text(note).trimEnd().split('\n').at(-1) ?? '';
const vkeys = (...names: string[]) => names.map((name) => encodeVkey(archiveKey(signer(name))));

/** Two keys of the same key id under this chain's origin: found by trying. */
const TWINS = ['twin 99901', 'twin 106475'] as const;
const twins = () => {
  const [one, other] = TWINS.map((name) => signer(name)) as [ReturnType<typeof signer>, ReturnType<typeof signer>];
  const idOf = (each: typeof one) => verifierKey(`${ORIGIN}/orders/0`, each.publicKey, nodeSha256).id;
  if (!equalBytes(idOf(one), idOf(other))) throw new Error('they are no twins');
  return [one, other] as const;
};

const LINES: readonly ArchiveCase[] = [
  {
    name: 'good-line-of-archives-name',
    about: 'A line that is named with the archive’s origin and has the pinned key’s id: no key of the chain has that name.',
    codes: [],
    make: written({
      note: withLine(`— ${ORIGIN} ${toBase64(Uint8Array.from([...archiveKey(signer()).id, ...new Uint8Array(64)]))}`),
    }),
  },
  {
    name: 'bad-line-beside-good-one',
    about: 'Two lines of the signing key, of which the first is valid and the other is not.',
    codes: ['bad-signature'],
    make: written({ note: (note) => withLine(lastLine(spoilSignature(note)))(note) }),
  },
  {
    name: 'good-line-twice',
    about: 'The same valid line twice.',
    codes: [],
    make: written({ note: (note) => withLine(lastLine(note))(note) }),
  },
  {
    name: 'bad-pinned-twin',
    about: 'A key is pinned beside the signing one that has the same key id: a line of that id is neither’s.',
    codes: ['bad-signature'],
    make: async () => {
      const [one] = twins();
      const builder = new ArchiveBuilder({ signers: [one] });
      await builder.chain().fill(1, 2);
      return { builder, trusted: vkeys(...TWINS) };
    },
  },
  {
    name: 'bad-signed-by-twins',
    about: 'A seal that names two keys of one key id, both of which signed.',
    codes: ['bad-signature'],
    make: async () => {
      const [one, other] = twins();
      const builder = new ArchiveBuilder({ signers: [one] });
      const chain = builder.chain();
      await chain.fill(1, 2);
      await chain.seal({ signers: [one, other] });
      return { builder };
    },
  },
  {
    name: 'good-unused-twins',
    about: 'Two keys of one key id are pinned, and no line has it.',
    codes: [],
    make: spoilt((): Partial<Made> => ({ trusted: vkeys('log key', ...TWINS) })),
  },
];

const TRUST: readonly ArchiveCase[] = [
  {
    name: 'bad-signed-by-key-given-up',
    about: 'The pinned key, which the chain has given up by a good seal, signs alone again.',
    codes: ['unknown-key'],
    make: async () => {
      const [old, next] = [signer('old'), signer('next')];
      const builder = new ArchiveBuilder({ signers: [old, next] });
      const chain = builder.chain();
      for (const signers of [[old], [old, next], [next], [old]]) await chain.seal({ signers });
      return { builder };
    },
  },
  {
    name: 'bad-signed-after-bad-handover',
    about: 'The seal that names a next key is not rightly signed, so it moves no trust: the next key alone is unknown.',
    codes: ['bad-signature', 'unknown-key'],
    make: async () => {
      const [old, next] = [signer('old'), signer('next')];
      const builder = new ArchiveBuilder({ signers: [old, next] });
      const chain = builder.chain();
      await chain.seal({ signers: [old] });
      await chain.seal({ signers: [old, next], note: spoilSignature });
      await chain.seal({ signers: [next] });
      return { builder };
    },
  },
  {
    name: 'bad-signature-and-no-pin',
    about: 'A bad signature where no pinned key covers the chain: both are said.',
    codes: ['bad-signature', 'no-trusted-key'],
    make: async () => ({
      builder: (await archiveWith({ note: spoilSignature })).builder,
      trusted: [encodeVkey(archiveKey(signer(), 'audit.example.com/other'))],
    }),
  },
  {
    name: 'bad-signature-of-stranger',
    about: 'A bad signature of a key that nobody introduced: both are said.',
    codes: ['bad-signature', 'unknown-key'],
    make: written({ signers: [signer('thief')], note: spoilSignature }, false),
  },
];

/** The next seal of the chain as another archive of the same key would have it. */
async function sealOfOtherArchive(builder: ArchiveBuilder, chain: Awaited<ReturnType<typeof archiveWith>>['chain']) {
  const other = Object.assign(chain.copy(), { builder: new ArchiveBuilder({ origin: 'audit.example.com/test' }) });
  const { sealKey: key } = await other.seal();
  builder.archive.put(key, other.builder.archive.bytesOf(key) as Uint8Array, LOCK);
  return [...builder.trusted, ...other.builder.trusted].map(encodeVkey);
}

const ORIGINS: readonly ArchiveCase[] = [
  {
    name: 'bad-chain-in-folder-of-another',
    about: 'A chain of another archive, in a folder of another name than its own: it names no archive, and the keys are held to the other chain’s.',
    codes: ['malformed'],
    make: spoilt(async (s): Promise<Partial<Made>> => {
      const other = new ArchiveBuilder({ origin: 'audit.example.com/test' });
      const { sealKey: key } = await other.chain('payments').seal();
      s.builder.archive.put(sealKey('refunds', 0, 0), other.archive.bytesOf(key) as Uint8Array, LOCK);
      return { trusted: [...s.builder.trusted, ...other.trusted].map(encodeVkey) };
    }),
  },
  {
    name: 'bad-kept-checkpoint-before-other-origin',
    about: 'The chain’s last seal is of another archive. The kept checkpoint is of a seal before it, which bears it out.',
    codes: ['malformed'],
    make: spoilt(async (s): Promise<Partial<Made>> => ({
      trusted: await sealOfOtherArchive(s.builder, s.chain),
      since: [s.built[3]?.note as Uint8Array],
    })),
  },
  {
    name: 'bad-kept-checkpoint-behind-other-origin',
    about: 'The same, and the kept checkpoint is of a later seal: what lies there is no longer the chain that it is of.',
    codes: ['malformed', 'truncation'],
    make: spoilt(async (s): Promise<Partial<Made>> => {
      const later = Object.assign(s.chain.copy(), { builder: new ArchiveBuilder() });
      await later.seal();
      const { note } = await later.seal();
      return { trusted: await sealOfOtherArchive(s.builder, s.chain), since: [note] };
    }),
  },
  {
    name: 'bad-kept-checkpoint-of-malformed-chain',
    about: 'All seals of the chain are malformed, and it is shorter than the kept checkpoint.',
    codes: ['malformed', 'rollback'],
    make: async () => {
      const builder = new ArchiveBuilder();
      const chain = builder.chain();
      for (const _ of [0, 1]) builder.archive.alter((await chain.seal()).sealKey, () => utf8('junk'));
      const later = Object.assign(chain.copy(), { builder: new ArchiveBuilder() });
      return { builder, since: [(await later.seal()).note] };
    },
  },
  {
    name: 'bad-kept-checkpoint-of-foreign-folder',
    about: 'Of the chain of a kept checkpoint only a foreign object in its folder is left: that is no chain.',
    codes: ['foreign-object', 'truncation'],
    make: async () => {
      const builder = new ArchiveBuilder();
      await builder.chain().fill(1, 2);
      builder.archive.put('seals/topic=payments/partition=0/readme.txt', utf8('junk'), LOCK);
      const gone = new ArchiveBuilder();
      return { builder, since: [(await gone.chain('payments').seal()).note] };
    },
  },
];

export const TRUST_CASES: readonly ArchiveCase[] = [...LINES, ...TRUST, ...ORIGINS];
