// Which attestations are frozen: notes that a cosigner signed, and what must be refused beside them?
import { concatBytes, toBase64, utf8 } from '../../src/base/bytes.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { checkpointText } from '../../src/format/checkpoint.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { encodeSignedCheckpoint, type NoteSignature, parseSignedCheckpoint } from '../../src/format/note.ts';
import { signer } from '../support/archive-builder.ts';
import { memoryMlDsaSigner } from '../support/memory-signer.ts';
import { freezeBytes } from './archive-vector.ts';
import type { ObjectVector } from './object-vector.ts';

const NAME = 'verifier.example.com/prod';
/** 9999-12-31T23:59:59Z. */
const LAST_SECOND = 253_402_300_799n;
const text = checkpointText({ origin: 'audit.example.com/prod/orders/0', size: 3, root: new Uint8Array(32).fill(7) });

/** Made by the rule, apart from the product: it refuses what some of these need. */
async function cosigned(seconds: bigint, size = 8): Promise<Uint8Array> {
  const { sign, publicKey } = signer('cosigner');
  const signature = await sign(concatBytes(utf8(`cosignature/v1\ntime ${seconds}\n`), text));
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, seconds);
  const { id: keyId } = cosignerKey(NAME, publicKey, nodeSha256);
  return encodeSignedCheckpoint(text, [{ name: NAME, keyId, signature: concatBytes(stamp.subarray(0, size), signature) }]);
}

async function cosignedByP256(): Promise<Uint8Array> {
  const { sign, publicKey } = signer('cosigner', 'ecdsa-p256');
  const { id: keyId } = cosignerKey(NAME, publicKey, nodeSha256);
  return encodeSignedCheckpoint(text, [{ name: NAME, keyId, signature: await sign(text) }]);
}

const ML_DSA_NAME = 'verifier.example.com/prod';
const mlDsa = memoryMlDsaSigner('cosigner');

/** RFC 8446's encoding of C2SP's `cosigned_message`, written out here once more. */
function subtreeMessage(seconds: bigint, { name = ML_DSA_NAME, start = 0n, size = 3n } = {}): Uint8Array {
  const number = (value: bigint) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value);
    return bytes;
  };
  const short = (word: string) => concatBytes(Uint8Array.of(utf8(word).length), utf8(word));
  return concatBytes(
    ...[utf8('subtree/v1\n\0'), short(name), number(seconds), short('audit.example.com/prod/orders/0')],
    ...[number(start), number(size), new Uint8Array(32).fill(7)],
  );
}

/** `signed`: of which time; `said`: the time that the line says. `bytes` less than 2420: cut. */
async function mlDsaLine(seconds: bigint, { said = seconds, bytes = 2420, message = subtreeMessage(seconds) } = {}) {
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, said);
  const signature = (await mlDsa.sign(message)).subarray(0, bytes);
  const { id: keyId } = cosignerKey(ML_DSA_NAME, mlDsa.publicKey, nodeSha256);
  return { name: ML_DSA_NAME, keyId, signature: concatBytes(stamp, signature) };
}

async function mlDsaVectors(ed25519Key: string): Promise<readonly ObjectVector[]> {
  const key = encodeCosignerVkey(cosignerKey(ML_DSA_NAME, mlDsa.publicKey, nodeSha256));
  const ed25519 = parseSignedCheckpoint(await cosigned(1_795_341_600n)).signatures;
  const good = await mlDsaLine(1_795_341_600n);
  const bad = { ...good, signature: good.signature.slice().fill(0, 2000) };
  const of = (name: string, about: string, lines: readonly NoteSignature[], trusted = [key]): ObjectVector => ({
    name: `cosigned/${name}`,
    about,
    bytes: freezeBytes(encodeSignedCheckpoint(text, lines)),
    expect: name.startsWith('not-') ? 'malformed' : 'accepted',
    trusted,
  });
  const ofMessage = async (name: string, about: string, message: Uint8Array) =>
    of(name, about, [await mlDsaLine(1_795_341_600n, { message })]);
  const short = { ...good, signature: good.signature.subarray(0, 72) };
  return [
    of('ml-dsa-44', 'An ML-DSA-44 cosignature with a time.', [good]),
    of('ml-dsa-44-no-time', 'The time 0: no time is said.', [await mlDsaLine(0n)]),
    of('hybrid', 'Lines of both keys of one cosigner, both given.', [...ed25519, good], [ed25519Key, key]),
    of('hybrid-one-given', 'The same, and only the Ed25519 key is given: the other line is an unknown key’s.', [...ed25519, bad], [ed25519Key]),
    of('not-hybrid-second-bad', 'The second key’s line is not valid.', [...ed25519, bad], [ed25519Key, key]),
    of('not-hybrid-first-bad', 'The same the other way round.', [bad, ...ed25519], [ed25519Key, key]),
    of('not-ml-dsa-44-other-time', 'Another time than the one that was signed.', [await mlDsaLine(1_795_341_600n, { said: 1_795_341_601n })]),
    of('not-ml-dsa-44-time-too-great', 'A second after the year 9999, rightly signed.', [await mlDsaLine(LAST_SECOND + 1n)]),
    of('not-ml-dsa-44-cut', 'A signature of 2419 bytes.', [await mlDsaLine(1_795_341_600n, { bytes: 2419 })]),
    of('not-ml-dsa-44-as-ed25519', 'A line by the ML-DSA-44 key as long as an Ed25519 cosignature.', [short]),
    await ofMessage('not-ml-dsa-44-other-name', 'Signed under another cosigner’s name.', subtreeMessage(1_795_341_600n, { name: 'other.example.com' })),
    await ofMessage('not-ml-dsa-44-subtree', 'A subtree from leaf 1 on, which is no checkpoint.', subtreeMessage(1_795_341_600n, { start: 1n })),
    await ofMessage('not-ml-dsa-44-other-size', 'Another size.', subtreeMessage(1_795_341_600n, { size: 4n })),
    await ofMessage('not-ml-dsa-44-over-text', 'Signed over the text, as a P-256 cosigner does.', text),
  ];
}

/** The note with a second line of the same key before or behind its own, with other letters at the end of the signature. */
function withBadLine(note: Uint8Array, isFirst: boolean): Uint8Array {
  const good = new TextDecoder().decode(note).trimEnd().split('\n').at(-1) ?? '';
  const bad = good.replace(/.{5}=+$/, (end) => 'AAAAA'.padEnd(end.length, '='));
  return utf8(`${new TextDecoder().decode(text)}\n${(isFirst ? [bad, good] : [good, bad]).join('\n')}\n`);
}

export async function cosignedVectors(): Promise<ObjectVector[]> {
  const ed25519 = encodeCosignerVkey(cosignerKey(NAME, signer('cosigner').publicKey, nodeSha256));
  const p256 = encodeCosignerVkey(cosignerKey(NAME, signer('cosigner', 'ecdsa-p256').publicKey, nodeSha256));
  const of = (name: string, about: string, bytes: Uint8Array, cosigner = ed25519): ObjectVector => ({
    name: `cosigned/${name}`,
    about,
    bytes: freezeBytes(bytes),
    expect: name.startsWith('not-') ? 'malformed' : 'accepted',
    trusted: [cosigner],
  });
  const good = await cosigned(1_795_341_600n);
  const other = utf8(new TextDecoder().decode(good).replace(toBase64(new Uint8Array(32).fill(7)), toBase64(new Uint8Array(32).fill(8))));
  return [
    of('ed25519', 'A cosignature with a time.', good),
    of('p256', 'A signature over the note’s text alone.', await cosignedByP256(), p256),
    of('time-least', 'The time 0.', await cosigned(0n)),
    of('time-greatest', 'The last second of the year 9999.', await cosigned(LAST_SECOND)),
    of('not-time-too-great', 'One second more, rightly signed.', await cosigned(LAST_SECOND + 1n)),
    of('not-time-of-64-bits', 'The greatest number of 64 bits, rightly signed.', await cosigned(2n ** 64n - 1n)),
    of('not-short-time', 'A time of seven bytes.', await cosigned(1_795_341_600n, 7)),
    of('not-this-root', 'Another root than the one that was signed.', other),
    of('before-bad-line', 'Two lines of the cosigner’s key. The first one counts, and is valid.', withBadLine(good, false)),
    of('not-behind-bad-line', 'The same two lines the other way round.', withBadLine(good, true)),
    ...(await mlDsaVectors(ed25519)),
    of('not-cosigner', 'Another cosigner’s key.', good, p256),
  ];
}
