// Does CloudTrail's own chain of digests vouch for its files? SHA256withRSA over each, as the CloudTrail
// User Guide has it: custom implementations of log file integrity validation.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { basename } from 'node:path';

export type TrailKey = { readonly fingerprint: string; readonly key: KeyObject };

/** A digest as it was given: its unpacked content, and its signature in hex where somebody kept it. */
export type GivenDigest = {
  readonly name: string;
  readonly content: Uint8Array;
  readonly signature: string | null;
};

type DigestFields = {
  readonly digestEndTime: string;
  readonly digestS3Bucket: string;
  readonly digestS3Object: string;
  readonly digestPublicKeyFingerprint: string;
  readonly previousDigestS3Object: string | null;
  readonly previousDigestSignature: string | null;
  readonly logFiles: readonly { readonly s3Object: string; readonly hashValue: string }[];
};

export type TrailVerdict = {
  readonly digests: number;
  /** Their signatures hold, by a key of AWS's list that was given. */
  readonly signed: number;
  /** Nobody has their signature, or the key: the newest one, unless it was given beside it. */
  readonly unsigned: readonly string[];
  readonly wrong: readonly string[];
  /** A digest names another one before it that was not given. Of the first one it is no fault. */
  readonly gaps: readonly string[];
  /** Imported files whose digest a signed one has. */
  readonly vouched: number;
  /** Imported files that no signed digest names, or names with another hash. */
  readonly notVouched: readonly string[];
  readonly altered: readonly string[];
  /** Files that signed digests name, and that were not imported. */
  readonly notImported: number;
};

/** Of `aws cloudtrail list-public-keys`. Throws what JSON and keys throw. */
export function trailKeys(text: string): TrailKey[] {
  const { PublicKeyList } = JSON.parse(text) as {
    PublicKeyList: readonly { Value: string; Fingerprint: string }[];
  };
  return PublicKeyList.map(({ Value, Fingerprint }) => ({
    fingerprint: Fingerprint,
    key: createPublicKey({ key: Buffer.from(Value, 'base64'), format: 'der', type: 'pkcs1' }),
  }));
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** `files`: the imported ones, by name, with the SHA-256 of their unpacked content. */
export function trailVerdict(
  given: readonly GivenDigest[],
  keys: readonly TrailKey[],
  files: readonly { readonly name: string; readonly contentSha256: string }[],
): TrailVerdict {
  const digests = given
    .map((one) => ({ ...one, fields: fieldsOf(one.content), sha256: sha256(one.content) }))
    .toSorted((a, b) => ((a.fields?.digestEndTime ?? '') < (b.fields?.digestEndTime ?? '') ? -1 : 1));
  const [wrong, unsigned, gaps] = [[] as string[], [] as string[], [] as string[]];
  const signedHashes = new Map<string, string>();
  const byObject = new Map(digests.map((one) => [one.fields?.digestS3Object, one]));
  // The next digest carries the signature of the one before it.
  const next = new Map(digests.map(({ fields }) => [fields?.previousDigestS3Object, fields]));
  let signed = 0;
  for (const [index, { name, fields, signature, sha256: hash }] of digests.entries()) {
    if (fields === null) {
      wrong.push(name);
      continue;
    }
    const { previousDigestS3Object: before } = fields;
    if (index > 0 && before !== null && !byObject.has(before)) gaps.push(name);
    const after = next.get(fields.digestS3Object);
    const hex = signature ?? after?.previousDigestSignature ?? null;
    const key = keys.find(({ fingerprint }) => fingerprint === fields.digestPublicKeyFingerprint)?.key;
    if (hex === null || key === undefined) unsigned.push(name);
    else if (!isSigned(fields, hash, hex, key)) wrong.push(name);
    else {
      signed++;
      for (const { s3Object, hashValue } of fields.logFiles) signedHashes.set(basename(s3Object), hashValue);
    }
  }
  const altered = files.filter(
    (one) => (signedHashes.get(one.name) ?? one.contentSha256) !== one.contentSha256,
  );
  const vouched = files.filter((one) => signedHashes.get(one.name) === one.contentSha256);
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
  return {
    ...{
      digests: digests.length,
      signed,
      unsigned,
      wrong,
      gaps,
      vouched: vouched.length,
      altered: names(altered),
    },
    notVouched: names(files.filter(({ name }) => !signedHashes.has(name))),
    notImported: [...signedHashes.keys()].filter((name) => !files.some((one) => one.name === name)).length,
  };
}

function isSigned(fields: DigestFields, hash: string, hex: string, key: KeyObject): boolean {
  const { digestEndTime, digestS3Bucket, digestS3Object, previousDigestSignature } = fields;
  const path = `${digestS3Bucket}/${digestS3Object}`;
  const text = `${digestEndTime}\n${path}\n${hash}\n${previousDigestSignature ?? 'null'}`;
  return (
    /^(?:[0-9a-f]{2}){64,1024}$/.test(hex) &&
    verify('sha256', Buffer.from(text), key, Buffer.from(hex, 'hex'))
  );
}

/** Null: it is no digest. */
function fieldsOf(content: Uint8Array): DigestFields | null {
  try {
    const one = JSON.parse(Buffer.from(content).toString()) as Record<string, unknown>;
    const texts = ['digestEndTime', 'digestS3Bucket', 'digestS3Object', 'digestPublicKeyFingerprint'];
    const orNull = ['previousDigestS3Object', 'previousDigestSignature'];
    const logs = one['logFiles'];
    const isOne =
      texts.every((name) => typeof one[name] === 'string') &&
      orNull.every(
        (name) => one[name] === null || one[name] === undefined || typeof one[name] === 'string',
      ) &&
      Array.isArray(logs) &&
      logs.every((log) => typeof log?.s3Object === 'string' && typeof log?.hashValue === 'string');
    return isOne
      ? ({
          ...Object.fromEntries(orNull.map((name) => [name, one[name] ?? null])),
          ...pick(one, texts),
          logFiles: logs,
        } as unknown as DigestFields)
      : null;
  } catch {
    return null;
  }
}

const pick = (one: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, one[name]]));
