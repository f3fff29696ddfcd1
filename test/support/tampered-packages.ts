// In which ways does somebody change a package, and what must be said of each?
import { PATHS } from '../../src/evidence/package.ts';
import { changeText, type Files, relisted } from './package-world.ts';

export type Tampering = {
  readonly name: string;
  readonly colour: 'red' | 'amber';
  /** The kinds of all that is found. */
  readonly kinds: readonly string[];
  /** What is said, in English. */
  readonly says: RegExp;
  readonly change: (files: Files) => Files;
};

const EVENTS = 'events/orders/0.jsonl';
const proof = (offset: number) => `proofs/orders/0/${String(offset).padStart(16, '0')}.tlog-proof`;
const bytesOf = (files: Files, path: string): Uint8Array => files.get(path) as Uint8Array;
const unsigned = (files: Files): Files => relisted(files, (manifest) => ({ ...manifest, signer: null }));
const withoutSignature = (files: Files): Files => {
  const text = Buffer.from(bytesOf(unsigned(files), PATHS.manifest)).toString();
  const envelope = { ...(JSON.parse(text) as object), signatures: [] };
  return new Map(files).set(PATHS.manifest, Buffer.from(`${JSON.stringify(envelope)}\n`));
};

/** Of a signed package of the offsets 10 to 34 of orders/0. */
export const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'a changed event',
    colour: 'red',
    kinds: ['line-changed'],
    says: /event at offset 12 of orders\/0 is not what was archived/,
    change: (files) => changeText(files, EVENTS, (text) => text.replace('"n":12,', '"n":99,')),
  },
  {
    name: 'a changed event, with a list of files that fits',
    colour: 'red',
    kinds: ['signature-bad', 'proof-bad'],
    says: /event at offset 12 of orders\/0 is not what was archived/,
    change: (files) => relisted(changeText(files, EVENTS, (text) => text.replace('"n":12,', '"n":99,'))),
  },
  {
    name: 'swapped proofs',
    colour: 'amber',
    kinds: ['swapped'],
    says: /0000000000000012\.tlog-proof was replaced by another file.*changed their places/,
    change: (files) =>
      new Map(files).set(proof(12), bytesOf(files, proof(13))).set(proof(13), bytesOf(files, proof(12))),
  },
  {
    name: 'a removed event',
    colour: 'red',
    kinds: ['event-missing'],
    says: /Offset 12 of orders\/0 was asked for, and is not in the package/,
    change: (files) => changeText(files, EVENTS, (text) => text.replace(/^\{"offset":12,.*\n/m, '')),
  },
  {
    name: 'a removed event and its proof, with a list of files that nobody signed',
    colour: 'red',
    kinds: ['event-missing', 'unsigned'],
    says: /Offset 12 of orders\/0 was asked for/,
    change: (files) => {
      const without = changeText(files, EVENTS, (text) => text.replace(/^\{"offset":12,.*\n/m, ''));
      without.delete(proof(12));
      return withoutSignature(without);
    },
  },
  {
    name: 'an added event',
    colour: 'red',
    kinds: ['event-not-asked'],
    says: /event at offset 35 of orders\/0 was not asked for: it was added/,
    change: (files) =>
      changeText(files, EVENTS, (text) => {
        const [line = ''] = text.match(/^\{"offset":34,.*\n/m) ?? [];
        return text + line.replace('"offset":34,', '"offset":35,');
      }),
  },
  {
    name: 'CRLF line ends',
    colour: 'amber',
    // The list of files is JSON in a file of its own: its line end is layout.
    kinds: ['line-ends', 're-formatted'],
    says: /line ends of events\/orders\/0\.jsonl were changed, as mail and editors do/,
    change: (files) =>
      new Map(
        [...files].map(([path, bytes]) => {
          const isText = path !== PATHS.table;
          return [path, isText ? Buffer.from(Buffer.from(bytes).toString().replaceAll('\n', '\r\n')) : bytes];
        }),
      ),
  },
  {
    name: 're-formatted JSON',
    colour: 'amber',
    kinds: ['re-formatted'],
    says: /events\/orders\/0\.jsonl was formatted anew by a program/,
    change: (files) => {
      const pretty = (text: string) =>
        text
          .trim()
          .split('\n')
          .map((line) => JSON.stringify(JSON.parse(line), null, 2))
          .join('\n');
      return changeText(changeText(files, EVENTS, pretty), PATHS.protocol, (text) =>
        JSON.stringify(JSON.parse(text)),
      );
    },
  },
  {
    name: 'a forged list of files',
    colour: 'red',
    kinds: ['signature-bad', 'protocol-differs'],
    says: /list of files was changed after it was signed/,
    change: (files) => relisted(files, (manifest) => ({ ...manifest, case: '2026-18' })),
  },
  {
    name: 'a signature taken away',
    colour: 'amber',
    kinds: ['unsigned'],
    says: /Nobody signed the list of files/,
    change: withoutSignature,
  },
  {
    name: 'an edited table',
    colour: 'red',
    kinds: ['table-differs'],
    says: /table events\.csv is not what the archived lines say/,
    change: (files) => changeText(files, PATHS.table, (text) => text.replace('login', 'logout')),
  },
  {
    name: 'a changed statement',
    colour: 'red',
    kinds: ['file-changed'],
    says: /statement\.json is not the file that was exported/,
    change: (files) =>
      changeText(files, PATHS.statement, (text) =>
        text.replaceAll('"to": 34', '"to": 40').replaceAll('10-34', '10-40'),
      ),
  },
  {
    name: 'a changed purpose',
    colour: 'red',
    kinds: ['file-changed'],
    says: /protocol\.json is not the file that was exported/,
    change: (files) =>
      changeText(files, PATHS.protocol, (text) => text.replace('Audit 2026', 'Nothing much')),
  },
  {
    name: 'a checkpoint of another chain',
    colour: 'red',
    kinds: ['checkpoint-bad'],
    says: /is no checkpoint of this chain/,
    change: (files) =>
      changeText(files, 'checkpoints/orders/0.checkpoint', (text) => text.replace('/orders/0', '/orders/1')),
  },
  {
    name: 'a file beside the others',
    colour: 'amber',
    kinds: ['file-extra'],
    says: /notes\.txt is not a file of the package/,
    change: (files) => new Map(files).set('notes.txt', Buffer.from('x')),
  },
  {
    name: 'a file of events beside the others',
    colour: 'amber',
    kinds: ['file-extra'],
    says: /extra\.jsonl is not a file of the package/,
    change: (files) =>
      new Map(files).set('events/orders/extra.jsonl', files.get('events/orders/0.jsonl') as Uint8Array),
  },
];
