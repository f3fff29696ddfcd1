// Is this package what was archived and what it says of itself, for a program that asks?
import { createPublicKey } from 'node:crypto';
import { LedgerstoneError } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { type PublicKey, publicKeyFromSpki } from '../base/signature.ts';
import {
  type CheckPackageOptions,
  checkPackage,
  colourOf,
  notOpened,
  type PackageCheck,
  type UsedKey,
} from '../evidence/check.ts';
import type { PackageStamp } from '../evidence/check-stamps.ts';
import { openZip } from '../evidence/foreign-zip.ts';
import { type PartsVerdict, verdictOfParts } from '../evidence/parts.ts';
import { stampSentence } from '../evidence/stamp-texts.ts';
import { ENGLISH, findingText, verdictSentence } from '../evidence/texts.ts';
import { ZipError } from '../evidence/zip.ts';
import { timeText } from '../format/time.ts';
import { cosignerKeys, keysFromTexts } from './keys.ts';
import { stampReaderFor } from './stamps.ts';

export type VerifyPackageOptions = {
  /** Trusted keys of the archive, as texts. Without one the verdict is at best `amber`. */
  readonly keys?: readonly string[];
  /** Keys of second parties. */
  readonly cosigners?: readonly string[];
  /** Who may sign the list of files: a PEM public key, or a verifier key. */
  readonly signers?: readonly string[];
  /** Roots of time-stamping authorities, in PEM. With one, a checkpoint without a stamp under it is amber. */
  readonly tsaRoots?: readonly string[];
};

/** On one package, or one part of a larger one. */
export type PackageVerdict = {
  /** green: as archived. amber: it can't be said, or nobody whom you named vouches for it. red: it is not. */
  readonly colour: 'green' | 'amber' | 'red';
  /** The verdict in one sentence, with its bounds. */
  readonly sentence: string;
  readonly findings: readonly { readonly kind: string; readonly colour: string; readonly text: string }[];
  /** Findings beyond those listed. */
  readonly omitted: number;
  /** The case that it was made for; null if it can't be read. */
  readonly case: string | null;
  readonly keys: readonly UsedKey[];
  /** Of each chain: by when its checkpoint existed, by whose word. */
  readonly stamps: readonly PackageStampVerdict[];
};

export type PackageStampVerdict = {
  readonly chain: string;
  readonly partition: number;
  /** Only `shown` shows a time. */
  readonly kind: PackageStamp['result']['kind'];
  /** RFC 3339. Null: no time is shown. */
  readonly existedBy: string | null;
  /** The same in a sentence, with its bounds. */
  readonly text: string;
};

/** `colour` is the worst of all. `parts`: of a package in parts, whether all are there and in their order. */
export type PackagesVerdict = PartsVerdict & { readonly packages: readonly PackageVerdict[] };

/**
 * From the bytes of the zip, or of all parts of a large package in their order. Never throws on hostile
 * bytes; on none at all, and on keys that are none, LedgerstoneError `usage`.
 */
export async function verifyPackageForProgram(
  zips: Uint8Array | readonly Uint8Array[],
  options: VerifyPackageOptions = {},
): Promise<PackagesVerdict> {
  const given = {
    log: options.keys === undefined ? null : keysFromTexts(options.keys),
    cosigners: options.cosigners === undefined ? null : cosignerKeys(options.cosigners),
    signers: options.signers === undefined ? null : options.signers.flatMap(signerKeys),
  };
  const all = zips instanceof Uint8Array ? [zips] : zips;
  if (all.length === 0) throw new LedgerstoneError('usage', 'no package given', { disposition: 'input' });
  const stamps = await stampReaderFor(options.tsaRoots ?? []);
  const checks: PackageCheck[] = [];
  for (const zip of all) checks.push(await checked(zip, { given, stamps }));
  const packages = checks.map((check) => verdictOn(check, stamps.hasRoots));
  return { ...verdictOfParts(checks), packages };
}

const verdictOn = (check: PackageCheck, hasRoots: boolean): PackageVerdict => ({
  colour: colourOf(check),
  sentence: verdictSentence(ENGLISH, check),
  findings: check.findings.map((one) => ({
    ...{ kind: one.kind, colour: one.colour, text: findingText(ENGLISH, one) },
  })),
  omitted: check.omitted,
  case: check.manifest?.case ?? null,
  keys: check.keys,
  stamps: check.stamps.map(({ chain, partition, result }) => ({
    ...{ chain, partition, kind: result.kind },
    existedBy: result.kind === 'shown' ? timeText(result.byMs) : null,
    text: stampSentence(ENGLISH.stamp, result, hasRoots),
  })),
});

async function checked(
  zip: Uint8Array,
  under: Pick<CheckPackageOptions, 'given' | 'stamps'>,
): Promise<PackageCheck> {
  try {
    const { files, packedAgain } = openZip(zip);
    return await checkPackage(files, { ...under, sha256: nodeSha256, packedAgain });
  } catch (error) {
    if (error instanceof ZipError) return notOpened(`zip-${error.fault}`, error.message);
    throw error;
  }
}

function signerKeys(text: string): PublicKey[] {
  if (!text.includes('-----BEGIN PUBLIC KEY-----')) return keysFromTexts([text]).map(({ key }) => key);
  try {
    const spki = createPublicKey(text).export({ type: 'spki', format: 'der' });
    return [publicKeyFromSpki(new Uint8Array(spki))];
  } catch {
    throw new LedgerstoneError('usage', 'this is no public key that signs packages', {
      disposition: 'input',
      remedy: 'Give an Ed25519 or P-256 key as PEM.',
    });
  }
}
