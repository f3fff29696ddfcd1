// Who may decide about an archive? (FORMAT.md 13.3)
import { FormatError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { ActDetail, PersonRole } from '../../format/act-detail.ts';
import { parseCosignerVkey } from '../../format/cosignature.ts';
import { type PublicKey, spkiFingerprint } from '../../format/vkey.ts';

/** The name in the verifier key of a person: who it is the charter says. */
const PERSON_KEY_NAME = 'person';

export type CharterPerson = {
  readonly name: string;
  readonly roles: readonly PersonRole[];
  readonly publicKey: PublicKey;
  /** Hex SHA-256 of the SubjectPublicKeyInfo. */
  readonly fingerprint: string;
};
export type Charter = {
  readonly people: readonly CharterPerson[];
  /** How long after its proposal an act can be approved. */
  readonly hours: number;
};

/** Throws FormatError where a key is none of a person. */
export function charterOf({ people, approval }: ActDetail['charter'], sha256: Sha256): Charter {
  // No key is there twice: it has one spelling, and a detail has no text twice (13.3.1).
  const parsed = people.map(({ name, key, roles }) => {
    const vkey = parseCosignerVkey(key, sha256);
    if (vkey.name !== PERSON_KEY_NAME) throw new FormatError(`the key of ${name} is named ${vkey.name}`);
    if (vkey.key.algorithm === 'ml-dsa-44')
      throw new FormatError(`the key of ${name} signs checkpoints only`);
    return { name, roles, publicKey: vkey.key, fingerprint: spkiFingerprint(vkey.key, sha256) };
  });
  return { people: parsed, hours: approval.hours };
}
