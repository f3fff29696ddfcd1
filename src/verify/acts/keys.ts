// Which keys did people introduce, and which retire? (FORMAT.md 13.4.4, 13.5.1, 13.5.6)
import { toHex } from '../../base/bytes.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { Act } from '../../format/act.ts';
import { GOVERNANCE_CHAIN } from '../../format/chain.ts';
import { parseVkey, splitVkey, type VerifierKey } from '../../format/vkey.ts';
import { type ActOf, actsOf, type RecordedAct } from './recorded-act.ts';

type KeyAct = Act & { readonly kind: 'key.introduce' | 'key.rotate' };

export const isOfKey = (act: Act): act is KeyAct => act.kind === 'key.introduce' || act.kind === 'key.rotate';

type Acts = { readonly origin: string; readonly acts: readonly RecordedAct[] };

/** Why an act about a key does not count behind all that came before. Null: it does. */
export function keyProblem(act: KeyAct, { acts, origin }: Acts, sha256: Sha256): string | null {
  if (act.kind === 'key.rotate' && logKey(act.detail.key, origin, sha256) === null)
    return 'its key is no verifier key of this archive';
  const retired = retirementOf(acts, act.detail);
  if (retired === undefined) return null;
  return `the key was retired by ${retired.act.by.name} at ${retired.act.time}`;
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

/** In their order, each with its key under the archive's name: those whose keys nobody retired since. */
export const rotations = (
  { acts, origin }: Acts,
  sha256: Sha256,
): { readonly recorded: ActOf<'key.rotate'>; readonly key: VerifierKey }[] =>
  actsOf(acts, 'key.rotate').flatMap((recorded) => {
    const key = logKey(recorded.act.detail.key, origin, sha256);
    return key === null || retirementOf(acts, recorded.act.detail) !== undefined ? [] : [{ recorded, key }];
  });

/** Null: no key of the archive's log. `origin`: of the governance chain. */
function logKey(vkey: string, origin: string, sha256: Sha256): VerifierKey | null {
  try {
    const key = parseVkey(vkey, sha256);
    return `${key.name}/${GOVERNANCE_CHAIN}/0` === origin ? key : null;
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
