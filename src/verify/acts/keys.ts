// Which keys did people introduce, and which retire? (FORMAT.md 13.4.4, 13.5.1, 13.5.6)
import { toHex } from '../../base/bytes.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { Act } from '../../format/act.ts';
import { GOVERNANCE_CHAIN } from '../../format/chain.ts';
import { timeText } from '../../format/time.ts';
import { parseVkey, spkiFingerprint, splitVkey, type VerifierKey } from '../../format/vkey.ts';
import type { Charter } from './charter.ts';
import { type ActOf, actsOf, type RecordedAct } from './recorded-act.ts';

type KeyAct = Act & { readonly kind: 'key.introduce' | 'key.rotate' };

export const isOfKey = (act: Act): act is KeyAct => act.kind === 'key.introduce' || act.kind === 'key.rotate';

type Acts = { readonly origin: string; readonly acts: readonly RecordedAct[] };
type Deciders = Acts & { readonly charter: Charter | null };

/** Why an act about a key does not count behind all that came before. Null: it does. */
export function keyProblem(act: KeyAct, { acts, origin, charter }: Deciders, sha256: Sha256): string | null {
  if (act.kind === 'key.rotate') {
    const { use, key } = act.detail;
    if (chainKey(use, key, origin, sha256) === null)
      return use === 'log'
        ? 'its key is no verifier key of this archive'
        : 'its key is no verifier key of this chain';
    const print = use === 'governance' ? printOfVkey(key, sha256) : null;
    const person = charter?.people.find(({ fingerprint }) => fingerprint === print);
    if (person !== undefined) return `its key is that of ${person.name}`;
  }
  const retired = retirementOf(acts, act.detail);
  if (retired === undefined) return null;
  return `the key was retired by ${retired.act.by.name} at ${timeText(retired.place.sealedMs)}`;
}

type Key = { readonly use: string; readonly key: string };

/** The first act that retired the key, and came into force behind that offset. */
export const retirementOf = (
  acts: readonly RecordedAct[],
  { use, key }: Key,
  behind = -1,
): ActOf<'key.retire'> | undefined =>
  actsOf(acts, 'key.retire').find(
    ({ act: { detail }, inForce }) =>
      inForce !== null && inForce.offset > behind && detail.use === use && isSameKey(detail.key, key),
  );

/** In force, in their order, each with its key by the name of `use`: those that nobody retired since. */
export const rotations = (
  { acts, origin }: Acts,
  sha256: Sha256,
  use: Key['use'] = 'log',
): { readonly recorded: ActOf<'key.rotate'>; readonly key: VerifierKey }[] =>
  actsOf(acts, 'key.rotate').flatMap((recorded) => {
    const { detail } = recorded.act;
    if (detail.use !== use || recorded.inForce === null) return [];
    const key = chainKey(use, detail.key, origin, sha256);
    return key === null || retirementOf(acts, detail) !== undefined ? [] : [{ recorded, key }];
  });

/** Null: no key of that use. `origin`: of the governance chain. */
function chainKey(use: Key['use'], vkey: string, origin: string, sha256: Sha256): VerifierKey | null {
  try {
    const key = parseVkey(vkey, sha256);
    return (use === 'log' ? `${key.name}/${GOVERNANCE_CHAIN}/0` : key.name) === origin ? key : null;
  } catch {
    return null;
  }
}

/** Hex SHA-256 of its SubjectPublicKeyInfo. Null: it is no vkey of a chain. */
export function printOfVkey(vkey: string, sha256: Sha256): string | null {
  try {
    return spkiFingerprint(parseVkey(vkey, sha256).key, sha256);
  } catch {
    return null;
  }
}

const isSameKey = (a: string, b: string): boolean => a === b || printOf(a) === printOf(b);

/** Of a vkey its key, whatever its name; of any other word itself. */
function printOf(word: string): string {
  try {
    return toHex(splitVkey(word).key.spki);
  } catch {
    return word;
  }
}
