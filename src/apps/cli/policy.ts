// Which signatures does a checkpoint need? (C2SP tlog-policy: logs, witnesses, groups, a quorum)
import { FormatError, messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { verifySignature } from '../../base/signature.ts';
import { type CosignerKey, labelOf, parseCosignerVkey, readCosignature } from '../../format/cosignature.ts';
import type { SignedCheckpoint } from '../../format/note.ts';
import { type CosigningKey, parseVkey, type VerifierKey } from '../../format/vkey.ts';
import { sameKey } from '../../verify/trust.ts';
import { UsageError } from './exit-code.ts';

export type Quorum =
  | { readonly kind: 'none' }
  | { readonly kind: 'witness'; readonly key: CosignerKey }
  | { readonly kind: 'group'; readonly least: number; readonly members: readonly Quorum[] };

export type Policy = { readonly logs: readonly VerifierKey[]; readonly quorum: Quorum };

const LINES_MAX = 1_000;

/** Throws UsageError with the line. */
export function parsePolicy(text: string, fileName: string): Policy {
  const lines = text.split('\n');
  if (lines.length > LINES_MAX) throw new UsageError(`${fileName} has more than ${LINES_MAX} lines`);
  const reader = new PolicyReader();
  for (const [index, line] of lines.entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length === 0 || words[0]?.startsWith('#')) continue;
    try {
      reader.read(words);
    } catch (error) {
      throw new UsageError(`${fileName}:${index + 1}: ${messageOf(error)}`, 'See c2sp.org/tlog-policy.');
    }
  }
  const { logs, quorum } = reader;
  if (quorum !== null) return { logs, quorum };
  const remedy = 'Write `quorum none` where no cosigner is needed.';
  throw new UsageError(`${fileName} has no line quorum NAME`, remedy);
}

/** A name must be defined before it is used and may be a member once, so groups can't contain each other. */
class PolicyReader {
  readonly logs: VerifierKey[] = [];
  quorum: Quorum | null = null;
  readonly #witnesses: CosignerKey[] = [];
  readonly #names = new Map<string, Quorum>();
  readonly #members = new Set<string>();

  read([keyword = '', ...words]: readonly string[]): void {
    switch (keyword) {
      case 'log':
        this.#log(words);
        return;
      case 'witness':
        this.#witness(words);
        return;
      case 'group':
        this.#group(words);
        return;
      case 'quorum':
        demand(this.quorum === null && words.length === 1, 'one line, quorum NAME or quorum none');
        this.quorum = words[0] === 'none' ? { kind: 'none' } : this.#known(words[0]);
        return;
      default:
        demand(false, `${JSON.stringify(keyword)} is none of log, witness, group, quorum`);
    }
  }

  #log(words: readonly string[]): void {
    demand(words.length === 1 || words.length === 2, 'log KEY [URL]');
    const key = parseVkey(words[0] as string, nodeSha256);
    demand(!this.logs.some((other) => sameKey(other.key, key.key)), 'this log is there already');
    this.logs.push(key);
  }

  #witness(words: readonly string[]): void {
    demand(words.length === 2 || words.length === 3, 'witness NAME KEY [URL]');
    const key = parseCosignerVkey(words[1] as string, nodeSha256);
    const isTwice = this.#witnesses.some((other) => sameKey(other.key, key.key));
    demand(!isTwice, 'this witness is there already');
    this.#witnesses.push(key);
    this.#define(words[0] as string, { kind: 'witness', key });
  }

  #group([name = '', size = '', ...of]: readonly string[]): void {
    demand(of.length > 0, 'group NAME all|any|K MEMBER…');
    const members = of.map((member) => {
      const known = this.#known(member);
      demand(!this.#members.has(member), `${JSON.stringify(member)} is a member already`);
      this.#members.add(member);
      return known;
    });
    const digits = /^[1-9]\d{0,3}$/.test(size) ? Number(size) : 0;
    const least = size === 'all' ? of.length : size === 'any' ? 1 : digits;
    const isPossible = least >= 1 && least <= of.length;
    demand(isPossible, `a group of ${of.length} can't ask for ${JSON.stringify(size)}`);
    this.#define(name, { kind: 'group', least, members });
  }

  #known(name = ''): Quorum {
    const found = this.#names.get(name);
    demand(found !== undefined, `${JSON.stringify(name)} is not defined on a line before`);
    return found as Quorum;
  }

  #define(name: string, meaning: Quorum): void {
    demand(name !== 'none' && !this.#names.has(name), `the name ${JSON.stringify(name)} is taken`);
    this.#names.set(name, meaning);
  }
}

function demand(holds: boolean, why: string): void {
  if (!holds) throw new FormatError(why);
}

/** No key may count twice, and the log's key may not be a cosigner. Throws UsageError. */
export function requireDistinctKeys(policy: Policy): Policy {
  const taken: CosigningKey[] = policy.logs.map(({ key }) => key);
  for (const { name, key } of keysOf(policy.quorum)) {
    if (taken.some((other) => sameKey(other, key))) {
      const remedy = "Name each cosigner once, by a key of its own: not another's, nor the log's.";
      throw new UsageError(`the key of cosigner ${name} is named twice`, remedy);
    }
    taken.push(key);
  }
  return policy;
}

/** Each of these keys must have signed, as `--cosigner` alone asks. */
export const quorumOfAll = (cosigners: readonly CosignerKey[]): Quorum =>
  groupOf(cosigners, cosigners.length);

/**
 * At least `least` cosigners, as `--quorum` asks. Keys of one name are one cosigner, and never count twice.
 * If keys of its name are of both kinds, ML-DSA-44 and older, one of each must have signed: else who breaks
 * the older kind could do without the other.
 */
export function quorumOf(cosigners: readonly CosignerKey[], least: number): Quorum {
  const members = [...new Set(cosigners.map(({ name }) => name))].map((name): Quorum => {
    const own = cosigners.filter((key) => key.name === name);
    const ofKind = (isMlDsa: boolean) => own.filter(({ key }) => (key.algorithm === 'ml-dsa-44') === isMlDsa);
    const kinds = [ofKind(false), ofKind(true)]
      .filter(({ length }) => length > 0)
      .map((of) => groupOf(of, 1));
    return kinds.length === 1 ? (kinds[0] as Quorum) : { kind: 'group', least: kinds.length, members: kinds };
  });
  return { kind: 'group', least, members };
}

function groupOf(keys: readonly CosignerKey[], least: number): Quorum {
  const members = keys.map((key): Quorum => ({ kind: 'witness', key }));
  return keys.length === 1 && least === 1 ? (members[0] as Quorum) : { kind: 'group', least, members };
}

/**
 * The cosigners whose signatures hold. Throws FormatError if one of their signatures is bad: that rejects the
 * note.
 */
export async function cosignersOf(
  signed: SignedCheckpoint,
  quorum: Quorum,
): Promise<{ readonly key: CosignerKey; readonly timeSeconds: number | null }[]> {
  const found: { readonly key: CosignerKey; readonly timeSeconds: number | null }[] = [];
  for (const key of keysOf(quorum)) {
    for (const line of signed.signatures) {
      const read = readCosignature(line, key, signed.text);
      if (read === null) continue;
      if (!(await verifySignature(key.key, read.message, read.signature))) {
        throw new FormatError(`a signature by ${key.name} that is not over this checkpoint`, 'bad-signature');
      }
      if (!found.some((one) => one.key === key)) found.push({ key, timeSeconds: read.timeSeconds });
    }
  }
  return found;
}

export function isQuorumMet(quorum: Quorum, by: readonly CosignerKey[]): boolean {
  switch (quorum.kind) {
    case 'none':
      return true;
    case 'witness':
      return by.some((key) => sameKey(key.key, quorum.key.key));
    case 'group':
      return quorum.members.filter((member) => isQuorumMet(member, by)).length >= quorum.least;
  }
}

/** `2 of verifier.example.com, (1 of a, b)` */
export function quorumText(quorum: Quorum): string {
  switch (quorum.kind) {
    case 'none':
      return 'nobody';
    case 'witness':
      return labelOf(quorum.key);
    case 'group':
      return `${quorum.least} of (${quorum.members.map(quorumText).join(', ')})`;
  }
}

function keysOf(quorum: Quorum): CosignerKey[] {
  if (quorum.kind === 'witness') return [quorum.key];
  return quorum.kind === 'group' ? quorum.members.flatMap(keysOf) : [];
}
