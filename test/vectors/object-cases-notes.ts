// Which notes of a cosigner are frozen: one of a finding that it signed, and what must be refused beside it?
import { concatBytes, toBase64, utf8 } from '../../src/base/bytes.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { signer } from '../support/archive-builder.ts';
import { freezeBytes } from './archive-vector.ts';
import type { ObjectVector } from './object-vector.ts';

const NAME = 'verifier.example.com/prod';
const ARCHIVE = 'audit.example.com/prod';
const SECONDS = 1_795_341_600;
const FOLDER = 'findings/topic=orders/partition=0/fork/6d2f9b1f0c1d4a6e8b7a5c3d2e1f0a9b';
const KEY = `${FOLDER}/000000-told-sns.note`;
const CONTENT = `{
  "format": "ledgerstone/finding/1",
  "state": "told",
  "code": "fork",
  "found": "an empty line can't stand in JSON, and is no end of anything here:"
}

`;

type Changes = {
  readonly format?: string;
  readonly key?: string;
  readonly archive?: string;
  /** What the text's hash is of. */
  readonly hashed?: string;
  /** Of the whole note, where `with` is not there in what was signed. */
  readonly swap?: readonly [from: string, to: string];
  readonly time?: number;
  readonly lines?: number;
  readonly by?: string;
};

const hashOf = (text: string): string => toBase64(nodeSha256(utf8(text)));
const textOf = ({ format = 'ledgerstone/note/1', key = KEY, archive = ARCHIVE, hashed = CONTENT }: Changes): string =>
  `${format}\n${key}\n${archive}\n${hashOf(hashed)}\n`;

/** Made by the rule, apart from the product. */
async function noteOf(changes: Changes = {}, algorithm: 'ed25519' | 'ecdsa-p256' = 'ed25519'): Promise<Uint8Array> {
  const text = textOf(changes);
  const { sign, publicKey } = signer(changes.by ?? 'cosigner', algorithm);
  const { id } = cosignerKey(NAME, signer('cosigner', algorithm).publicKey, nodeSha256);
  const time = changes.time ?? SECONDS;
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, BigInt(time));
  const isEdwards = publicKey.algorithm === 'ed25519';
  const signature = await sign(utf8(isEdwards ? `cosignature/v1\ntime ${SECONDS}\n${text}` : text));
  const line = `— ${NAME} ${toBase64(concatBytes(id, isEdwards ? stamp : new Uint8Array(0), signature))}\n`;
  const [from, to] = changes.swap ?? ['', ''];
  return utf8(`${text}\n${line.repeat(changes.lines ?? 1)}\n${CONTENT}`.replace(from, to));
}

export async function noteVectors(): Promise<ObjectVector[]> {
  const ed25519 = encodeCosignerVkey(cosignerKey(NAME, signer('cosigner').publicKey, nodeSha256));
  const p256 = encodeCosignerVkey(cosignerKey(NAME, signer('cosigner', 'ecdsa-p256').publicKey, nodeSha256));
  const of = (name: string, about: string, bytes: Uint8Array, trusted = [ed25519], key = KEY): ObjectVector => ({
    name: `note/${name}`,
    about,
    bytes: freezeBytes(bytes),
    expect: name.startsWith('not-') ? 'malformed' : 'accepted',
    trusted,
    address: { key, archive: ARCHIVE },
  });
  const [day, next] = ['passes/days/2026-11-22.note', 'passes/days/2026-11-23.note'];
  const tally = 'passes/days/2026-11-22/0123456789abcdef-000000.note';
  const beside = `${FOLDER}/000000-told-sns.1.note`;
  return [
    of('ed25519', 'A note that people were notified of a finding.', await noteOf()),
    of('p256', 'The same by a P-256 key: the signature is over the text alone.', await noteOf({}, 'ecdsa-p256'), [p256]),
    of('earlier-key', 'By the second of two keys that are trusted.', await noteOf(), [p256, ed25519]),
    of('beside', 'At the key’s first copy, for which it was signed.', await noteOf({ key: beside }), [ed25519], beside),
    of('not-beside', 'A note that was copied to the key’s first copy.', await noteOf(), [ed25519], beside),
    of('not-next-opening', 'A note that was copied to the next opening of the same finding.', await noteOf(), [ed25519], KEY.replace('000000', '000001')),
    of('not-closed', 'A note that was copied to the key that says that the finding is closed.', await noteOf(), [ed25519], `${FOLDER}/000000-closed.note`),
    of('not-this-archive', 'A note of another archive, by the same cosigner.', await noteOf({ archive: 'audit.example.com/test' })),
    of('not-this-content', 'A content that is not the one whose hash was signed.', await noteOf({ hashed: '{}\n' })),
    of('not-changed-content', 'A content that was changed afterwards.', await noteOf({ swap: ['"told"', '"open"'] })),
    of('not-this-format', 'A later format, rightly signed.', await noteOf({ format: 'ledgerstone/note/2' })),
    of('not-this-time', 'Another time than the one that was signed.', await noteOf({ time: SECONDS + 1 })),
    of('not-two-lines', 'The same line twice.', await noteOf({ lines: 2 })),
    of('not-unsigned', 'No line at all.', await noteOf({ lines: 0 })),
    of('not-cosigner', 'By another key, under the cosigner’s name and key id.', await noteOf({ by: 'mallory' })),
    of('not-trusted', 'By a key that is not trusted.', await noteOf(), [p256]),
    of('day', 'At the key of a day’s record, for which it was signed.', await noteOf({ key: day }), [ed25519], day),
    of('not-next-day', 'A day’s record that was copied to the next day.', await noteOf({ key: day }), [ed25519], next),
    of('not-day-of-tally', 'A tally that was copied to the key of its day’s record.', await noteOf({ key: tally }), [ed25519], day),
    of('not-json-alone', 'A content without a note.', utf8(CONTENT)),
  ];
}
