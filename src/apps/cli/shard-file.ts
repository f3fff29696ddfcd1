// How is what one shard of a verification looked at written down, signed, and read again?
import { toHex, utf8, utf8Text } from '../../base/bytes.ts';
import { FormatError } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { type PublicKey, publicKeyFromSpki, verifySignature } from '../../base/signature.ts';
import { preAuthenticated } from '../../evidence/dsse.ts';
import { isCount } from '../../format/scalar.ts';
import { spkiFingerprint } from '../../format/vkey.ts';
import { notComparedText } from '../../read/compared-decisions.ts';
import type { Signer } from '../../sign/signer.ts';
import type { DecisionsCompared } from '../../verify/acts/held-to.ts';
import type { Shard, ShardOfChain } from '../../verify/range-check.ts';
import { isRange, isText } from '../../verify/range-shape.ts';
import type { Depth } from '../../verify/run.ts';
import { sameKey } from '../../verify/trust.ts';

const SHARD_TYPE = 'application/vnd.ledgerstone.shard.v1';

/** What all shards of one verification have in common. */
export type ShardRun = {
  readonly version: string;
  readonly depth: Depth;
  readonly leastLock: string | null;
  readonly asCopy: boolean;
  /** Trusted keys, as vkeys, sorted. */
  readonly keys: readonly string[];
};

export type ShardContent = ShardRun & {
  readonly shard: Shard;
  /** As it was named. */
  readonly archive: string;
  /** When it began, and ended. RFC 3339. */
  readonly from: string;
  readonly to: string;
  readonly decisions: DecisionsCompared | null;
  readonly chains: readonly ShardOfChain[];
};

export type ReadShard = {
  readonly file: string;
  readonly content: ShardContent;
  readonly signer: PublicKey | null;
};

const messageOf = (digest: string): Uint8Array => preAuthenticated(SHARD_TYPE, utf8(digest));

/** Two lines of JSON: digest and signature, then what was looked at. Null: nobody signs. */
export async function encodeShard(
  content: ShardContent,
  signer: Signer | null,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = utf8(JSON.stringify(content));
  const sha256 = toHex(nodeSha256(bytes));
  const signed = signer && {
    key: Buffer.from(signer.publicKey.spki).toString('base64'),
    signature: Buffer.from(await signer.sign(messageOf(sha256), signal)).toString('base64'),
  };
  const head = utf8(`${JSON.stringify({ type: SHARD_TYPE, sha256, signed })}\n`);
  return Buffer.concat([head, bytes, utf8('\n')]);
}

/**
 * `signer`: any key whose signature is good. The caller asks whether it is a right one. Throws FormatError.
 */
export async function parseShard(bytes: Uint8Array, file: string): Promise<ReadShard> {
  const end = bytes.indexOf(0x0a);
  if (end < 0 || bytes[bytes.length - 1] !== 0x0a)
    throw new FormatError('no shard of a verification, or cut off');
  const body = bytes.subarray(end + 1, -1);
  const head = objectOf(bytes.subarray(0, end));
  if (head['type'] !== SHARD_TYPE) throw new FormatError('no shard of a verification');
  const sha256 = toHex(nodeSha256(body));
  if (head['sha256'] !== sha256) throw new FormatError('its content is another than its first line says');
  const content = objectOf(body) as unknown as ShardContent;
  requireShape(content);
  return { file, content, signer: await signerOf(head['signed'], sha256) };
}

async function signerOf(signed: unknown, sha256: string): Promise<PublicKey | null> {
  if (signed === null) return null;
  const { key, signature } = (signed ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof key !== 'string' || typeof signature !== 'string')
    throw new FormatError('a signature that is none');
  const publicKey = publicKeyFromSpki(new Uint8Array(Buffer.from(key, 'base64')));
  const isGood = await verifySignature(
    publicKey,
    messageOf(sha256),
    new Uint8Array(Buffer.from(signature, 'base64')),
  );
  if (!isGood) throw new FormatError('its signature is not of its content');
  return publicKey;
}

function objectOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(utf8Text(bytes));
  } catch (cause) {
    throw new FormatError('no JSON', 'malformed', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FormatError('no JSON object');
  return value as Readonly<Record<string, unknown>>;
}

/** What the join relies on. The rest is printed as every report is. Throws FormatError. */
function requireShape({ shard, keys, from, to, decisions, chains, ...run }: ShardContent): void {
  const { index, of, segments } = shard ?? {};
  const isShard =
    isCount(index) && isCount(of) && isCount(segments) && index > 0 && index <= of && segments > 0;
  const isRun = [run.version, run.archive, run.depth, from, to].every(isText) && Array.isArray(keys);
  if (!isShard || !isRun || !isCompared(decisions) || !Array.isArray(chains))
    throw new FormatError('a shard that lacks what each one has');
  for (const one of chains) {
    const { chain, partition, ranges } = (one ?? {}) as Partial<ShardOfChain>;
    const isWhole = isText(chain) && isCount(partition) && Array.isArray(ranges) && ranges.every(isRange);
    if (!isWhole) throw new FormatError('a chain of a shard that lacks what each one has');
  }
}

const isCompared = (said: Partial<DecisionsCompared> | null | undefined): boolean =>
  said === null ||
  (said !== undefined &&
    (said.acts === null || isCount(said.acts)) &&
    (said.why === null || isText(said.why)));

/** What was another then: a copy has the same seals, and what lies here was not read. */
export function elsewhere(read: readonly ReadShard[], archive: string): string[] {
  const others = new Set(read.map(({ content }) => content.archive).filter((name) => name !== archive));
  const named = `what was read then is not named ${archive} but ${printable([...others].sort().join(' and '))}`;
  const undecided = new Set(read.flatMap(({ content }) => notComparedText(content.decisions) ?? []));
  const said = [...undecided].sort().map((text) => `then ${printable(text)}`);
  return others.size === 0 ? said : [named, ...said];
}

/** For people: the SHA-256 of the key. */
export const signerText = (key: PublicKey): string => spkiFingerprint(key, nodeSha256);

export const isSignedBy = ({ signer }: ReadShard, keys: readonly PublicKey[]): boolean =>
  signer !== null && keys.some((key) => sameKey(key, signer));
