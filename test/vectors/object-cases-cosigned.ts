// Which attestations are frozen: notes that a cosigner signed, and what must be refused beside them?
import { concatBytes, toBase64, utf8 } from '../../src/base/bytes.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { checkpointText } from '../../src/format/checkpoint.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { encodeSignedCheckpoint } from '../../src/format/note.ts';
import { signer } from '../support/archive-builder.ts';
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
    of('not-cosigner', 'Another cosigner’s key.', good, p256),
  ];
}
