// Who must have signed a checkpoint for it to be believed? (C2SP tlog-policy: logs, witnesses, groups, a quorum)
import { FormatError, messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { verifySignature } from '../../base/signature.ts';
import { type CosignerKey, parseCosignerVkey, readCosignature } from '../../format/cosignature.ts';
import type { SignedCheckpoint } from '../../format/note.ts';
import { parseVkey, type VerifierKey } from '../../format/vkey.ts';
import { sameKey } from '../../verify/trust.ts';
import { UsageError } from './exit-code.ts';

export type Quorum =
  | { readonly kind: 'none' }
  | { readonly kind: 'witness'; readonly key: CosignerKey }
  | { readonly kind: 'group'; readonly least: number; readonly members: readonly Quorum[] };

export type Policy = { readonly logs: readonly VerifierKey[]; readonly quorum: Quorum };

const LINES_MAX = 1_000;

/** Throws UsageError with the line. A name is defined before it is used, and is a member once at most: so no rule goes round. */
export function parsePolicy(text: string, fileName: string): Policy {
  const names = new Map<string, Quorum>();
  const members = new Set<string>();
  const logs: VerifierKey[] = [];
  const witnesses: CosignerKey[] = [];
  let quorum: Quorum | null = null;
  const lines = text.split('\n');
  if (lines.length > LINES_MAX) throw new UsageError(`${fileName} has more than ${LINES_MAX} lines`);
  for (const [index, line] of lines.entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    const [keyword = '', ...rest] = words;
    if (keyword === '' || keyword.startsWith('#')) continue;
    const demand = (holds: boolean, why: string): void => {
      if (!holds) throw new UsageError(`${fileName}:${index + 1}: ${why}`, 'See c2sp.org/tlog-policy.');
    };
    const known = (name: string | undefined): Quorum => {
      const found = names.get(name ?? '');
      demand(found !== undefined, `${JSON.stringify(name ?? '')} is not defined on a line before`);
      return found as Quorum;
    };
    const define = (name: string, meaning: Quorum): void => {
      demand(name !== 'none' && !names.has(name), `the name ${JSON.stringify(name)} is taken`);
      names.set(name, meaning);
    };
    try {
      switch (keyword) {
        case 'log': {
          demand(rest.length === 1 || rest.length === 2, 'log KEY [URL]');
          const key = parseVkey(rest[0] as string, nodeSha256);
          demand(!logs.some((other) => sameKey(other.key, key.key)), 'that log stands there already');
          logs.push(key);
          break;
        }
        case 'witness': {
          demand(rest.length === 2 || rest.length === 3, 'witness NAME KEY [URL]');
          const key = parseCosignerVkey(rest[1] as string, nodeSha256);
          demand(
            !witnesses.some((other) => sameKey(other.key, key.key)),
            'that witness stands there already',
          );
          witnesses.push(key);
          define(rest[0] as string, { kind: 'witness', key });
          break;
        }
        case 'group': {
          const [name = '', size = '', ...of] = rest;
          demand(of.length > 0, 'group NAME all|any|K MEMBER…');
          for (const member of of) {
            known(member);
            demand(!members.has(member), `${JSON.stringify(member)} is a member already`);
            members.add(member);
          }
          const least =
            size === 'all' ? of.length : size === 'any' ? 1 : /^[1-9]\d{0,3}$/.test(size) ? Number(size) : 0;
          demand(
            least >= 1 && least <= of.length,
            `a group of ${of.length} can't ask for ${JSON.stringify(size)}`,
          );
          define(name, { kind: 'group', least, members: of.map(known) });
          break;
        }
        case 'quorum':
          demand(quorum === null && rest.length === 1, 'one line, quorum NAME or quorum none');
          quorum = rest[0] === 'none' ? { kind: 'none' } : known(rest[0]);
          break;
        default:
          demand(false, `${JSON.stringify(keyword)} is none of log, witness, group, quorum`);
      }
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`${fileName}:${index + 1}: ${messageOf(error)}`, 'See c2sp.org/tlog-policy.');
    }
  }
  if (quorum === null)
    throw new UsageError(
      `${fileName} has no line quorum NAME`,
      'Write `quorum none` where no cosigner is needed.',
    );
  return { logs, quorum };
}

/** At least `least` of these: what `--cosigner` and `--quorum` say. */
export function quorumOf(cosigners: readonly CosignerKey[], least: number): Quorum {
  const members = cosigners.map((key): Quorum => ({ kind: 'witness', key }));
  return { kind: 'group', least, members };
}

/** Names of the cosigners whose signatures hold. Throws FormatError for a line by one of them that is bad: it rejects the note. */
export async function cosignersOf(signed: SignedCheckpoint, quorum: Quorum): Promise<CosignerKey[]> {
  const found: CosignerKey[] = [];
  for (const key of keysOf(quorum)) {
    for (const line of signed.signatures) {
      const read = readCosignature(line, key, signed.text);
      if (read === null) continue;
      if (!(await verifySignature(key.key, read.message, read.signature))) {
        throw new FormatError(`a signature by ${key.name} that is not over this checkpoint`, 'bad-signature');
      }
      if (!found.includes(key)) found.push(key);
    }
  }
  return found;
}

export function isMet(quorum: Quorum, by: readonly CosignerKey[]): boolean {
  switch (quorum.kind) {
    case 'none':
      return true;
    case 'witness':
      return by.some((key) => sameKey(key.key, quorum.key.key));
    case 'group':
      return quorum.members.filter((member) => isMet(member, by)).length >= quorum.least;
  }
}

/** `2 of verifier.example.com, (1 of a, b)` */
export function quorumText(quorum: Quorum): string {
  switch (quorum.kind) {
    case 'none':
      return 'nobody';
    case 'witness':
      return quorum.key.name;
    case 'group':
      return `${quorum.least} of (${quorum.members.map(quorumText).join(', ')})`;
  }
}

function keysOf(quorum: Quorum): CosignerKey[] {
  if (quorum.kind === 'witness') return [quorum.key];
  return quorum.kind === 'group' ? quorum.members.flatMap(keysOf) : [];
}
