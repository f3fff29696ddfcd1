// Which signatures does a checkpoint need? (C2SP tlog-policy: logs, witnesses, groups, a quorum)
import { equalBytes } from '../base/bytes.ts';
import { FormatError, messageOf } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { type CosignerKey, labelOf, parseCosignerVkey } from './cosignature.ts';
import { type CosigningKey, parseVkey, type VerifierKey } from './vkey.ts';

export type Quorum =
  | { readonly kind: 'none' }
  | { readonly kind: 'witness'; readonly key: CosignerKey }
  | { readonly kind: 'group'; readonly least: number; readonly members: readonly Quorum[] };

/** `url`: where it takes checkpoints (C2SP tlog-witness: the submission prefix). Null: it is not said. */
type Witness = { readonly key: CosignerKey; readonly url: string | null };

export type Policy = {
  readonly logs: readonly VerifierKey[];
  readonly witnesses: readonly Witness[];
  readonly quorum: Quorum;
};

const LINES_MAX = 1_000;

/** A problem of the policy as a whole has no line. */
type UnreadablePolicy = { readonly line: number | null; readonly message: string };

/** The policy, or what is wrong with it first. */
export function readPolicy(text: string, sha256: Sha256): Policy | UnreadablePolicy {
  const lines = text.split('\n');
  if (lines.length > LINES_MAX) return { line: null, message: `has more than ${LINES_MAX} lines` };
  const reader = new PolicyReader(sha256);
  for (const [index, line] of lines.entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length === 0 || words[0]?.startsWith('#')) continue;
    try {
      reader.read(words);
    } catch (error) {
      return { line: index + 1, message: messageOf(error) };
    }
  }
  const { logs, witnesses, quorum } = reader;
  return quorum === null ? { line: null, message: 'has no line quorum NAME' } : { logs, witnesses, quorum };
}

/** A name must be defined before it is used and may be a member once, so groups can't contain each other. */
class PolicyReader {
  readonly logs: VerifierKey[] = [];
  readonly witnesses: Witness[] = [];
  quorum: Quorum | null = null;
  readonly #names = new Map<string, Quorum>();
  readonly #members = new Set<string>();
  readonly #sha256: Sha256;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

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
    const key = parseVkey(words[0] as string, this.#sha256);
    demand(!this.logs.some((other) => isSame(other.key, key.key)), 'this log is there already');
    this.logs.push(key);
  }

  #witness(words: readonly string[]): void {
    demand(words.length === 2 || words.length === 3, 'witness NAME KEY [URL]');
    const key = parseCosignerVkey(words[1] as string, this.#sha256);
    const isTwice = this.witnesses.some((other) => isSame(other.key.key, key.key));
    demand(!isTwice, 'this witness is there already');
    this.witnesses.push({ key, url: words[2] ?? null });
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

const isSame = (a: CosigningKey, b: CosigningKey): boolean =>
  a.algorithm === b.algorithm && equalBytes(a.spki, b.spki);

/** Whether those keys together are enough. */
export function isQuorumMet(quorum: Quorum, by: readonly CosignerKey[]): boolean {
  switch (quorum.kind) {
    case 'none':
      return true;
    case 'witness':
      return by.some((key) => isSame(key.key, quorum.key.key));
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

export function keysOfQuorum(quorum: Quorum): CosignerKey[] {
  if (quorum.kind === 'witness') return [quorum.key];
  return quorum.kind === 'group' ? quorum.members.flatMap(keysOfQuorum) : [];
}
