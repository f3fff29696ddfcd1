// In which ways does somebody change a draw, with a list of files that fits?

import type { Draw } from '../../src/evidence/draw.ts';
import { PATHS } from '../../src/evidence/package.ts';
import { changeText, type Files, filesOf, type PackageWorld, relisted } from './package-world.ts';

type DrawnTampering = {
  readonly name: string;
  /** What is found, beside the missing signature. */
  readonly kinds: readonly string[];
  /** What the script in the package says. */
  readonly script: string;
  readonly change: (files: Files, world: PackageWorld) => Files | Promise<Files>;
};

/** A list that fits what is there, and that nobody signed. */
export function unsignedList(files: Files): Files {
  const listed = relisted(files, (manifest) => ({ ...manifest, signer: null }));
  return changeText(listed, PATHS.manifest, (text) => {
    const envelope = JSON.parse(text) as { signatures: unknown[] };
    return `${JSON.stringify({ ...envelope, signatures: [] })}\n`;
  });
}

const changeDraw = (files: Files, path: string, change: (draw: Draw) => object): Files =>
  changeText(files, path, (text) => {
    const document = JSON.parse(text) as { sample: Draw };
    return `${JSON.stringify({ ...document, sample: change(document.sample) }, null, 2)}\n`;
  });

/** In the statement and in the protocol alike. */
export const changeBoth = (files: Files, change: (draw: Draw) => object): Files =>
  changeDraw(changeDraw(files, PATHS.statement, change), PATHS.protocol, change);

const proofs = (files: Files): string[] => [...files.keys()].filter((path) => path.startsWith('proofs/'));

/** Of a package of 6 records of 77, without conditions. */
export const DRAWN_TAMPERINGS: readonly DrawnTampering[] = [
  {
    name: 'another seed',
    script: 'the seed does not draw offset',
    kinds: ['not-drawn'],
    change: (files) => changeBoth(files, (draw) => ({ ...draw, seed: { ...draw.seed, text: 'another' } })),
  },
  {
    name: 'another population in the statement alone',
    script: 'the population is not the sum of its days',
    kinds: ['sample-differs', 'protocol-differs'],
    change: (files) => changeDraw(files, PATHS.statement, (draw) => ({ ...draw, population: 78 })),
  },
  {
    name: 'another population',
    script: 'the population is not the sum of its days',
    kinds: ['sample-differs'],
    change: (files) => changeBoth(files, (draw) => ({ ...draw, population: 78 })),
  },
  {
    name: 'days of the population in the protocol',
    script: 'protocol.json has another draw',
    kinds: ['protocol-differs'],
    change: (files) => changeDraw(files, PATHS.protocol, (draw) => ({ ...draw, days: [] })),
  },
  {
    name: 'another number that was asked for',
    script: 'the sample has another number of records',
    kinds: ['sample-differs'],
    change: (files) => changeBoth(files, (draw) => ({ ...draw, count: 7 })),
  },
  {
    name: 'a record in the place of one that was drawn',
    script: 'the seed does not draw offset',
    kinds: ['not-drawn'],
    change: async (files, world) => {
      // Everything of a package of another seed, which is archived and proven too.
      const other = filesOf(
        await world.exported(
          `other-${Date.now()}.zip`,
          '--sample',
          '6',
          '--seed',
          'another',
          '--sign-key',
          world.at('export-key.pem'),
        ),
      );
      const { seed } = JSON.parse(Buffer.from(files.get(PATHS.statement) as Uint8Array).toString())
        .sample as Draw;
      return changeBoth(other, (draw) => ({ ...draw, seed }));
    },
  },
  {
    name: 'a record taken out of the events',
    script: 'an event that was drawn is not in the package',
    kinds: ['event-missing'],
    change: (files) => {
      const [proof = ''] = proofs(files);
      const [, chain, partition, digits] = /^proofs\/(.*)\/(\d+)\/(\d+)\./.exec(proof) ?? [];
      const line = new RegExp(`^\\{"offset":${Number(digits)},.*\\n`, 'm');
      const without = changeText(files, `events/${chain}/${partition}.jsonl`, (text) =>
        text.replace(line, ''),
      );
      without.delete(proof);
      return without;
    },
  },
  {
    name: 'a record taken out of the events and of the draw',
    script: 'the sample has another number of records',
    kinds: ['sample-differs'],
    change: (files) => {
      const [proof = ''] = proofs(files);
      const [, chain = '', partition, digits] = /^proofs\/(.*)\/(\d+)\/(\d+)\./.exec(proof) ?? [];
      const line = new RegExp(`^\\{"offset":${Number(digits)},.*\\n`, 'm');
      const without = changeText(files, `events/${chain}/${partition}.jsonl`, (text) =>
        text.replace(line, ''),
      );
      without.delete(proof);
      const isIt = (one: Draw['records'][number]) =>
        one.chain === chain && one.partition === Number(partition) && one.offset === Number(digits);
      return changeDraw(without, PATHS.statement, (draw) => ({
        ...draw,
        records: draw.records.filter((one) => !isIt(one)),
      }));
    },
  },
];
