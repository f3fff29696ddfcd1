// Whose word on a finding counts, and what did they decide about findings in the governance chain?
import type { Sha256 } from '../../base/hash.ts';
import { type CosignerKey, cosignerKey } from '../../format/cosignature.ts';
import { spkiFingerprint } from '../../format/vkey.ts';
import { type Charter, charterOf } from '../../verify/acts/charter.ts';
import type { ActsRead } from '../../verify/acts/held-to.ts';
import type { FindingResponse, ResponseKind } from './response.ts';

/** What a person said of a finding, by a note or by an act. */
export type PersonAnswer = {
  readonly kind: ResponseKind;
  /** By the charter, or as the note says where a file of keys has no names. */
  readonly by: string;
  readonly text: string;
  /** By the store's clock, or by that which sealed the act. */
  readonly atMs: number;
  /** Of the key that signed the note. Null: it is an act in the governance chain. */
  readonly keyId: string | null;
};

type InForce = { readonly charter: Charter; readonly fromMs: number };

export class KnownPeople {
  readonly #charters: readonly InForce[];
  readonly #named: ReadonlySet<string>;
  readonly #acts: ActsRead | null;
  /** All of their keys, to read notes with. */
  readonly keys: readonly CosignerKey[];

  /** `named`: by the configuration. `acts` null, or not verified: nobody else is known. */
  constructor(named: readonly CosignerKey[], acts: ActsRead | null, sha256: Sha256) {
    this.#acts = acts?.isVerified === true ? acts : null;
    this.#charters = (this.#acts?.history.acts ?? [])
      .flatMap(({ act, inForce }) =>
        act.kind === 'charter' && inForce !== null
          ? [{ charter: charterOf(act.detail, sha256), fromMs: inForce.sealedMs }]
          : [],
      )
      .toSorted((a, b) => a.fromMs - b.fromMs);
    this.#named = new Set(named.map(({ key }) => spkiFingerprint(key, sha256).slice(0, 8)));
    const officers = this.#charters.flatMap(({ charter }) =>
      charter.people.map(({ publicKey }) => cosignerKey('person', publicKey, sha256)),
    );
    this.keys = [...named, ...officers];
  }

  /** Those of people whose word counts, and acts about the finding, in the order of their times. */
  answersTo(
    id: string,
    responses: readonly (FindingResponse & { readonly storedMs: number })[],
  ): PersonAnswer[] {
    const noted = responses.flatMap(({ kind, by, text, keyId, storedMs }): PersonAnswer[] => {
      const name = this.#nameOf(keyId, storedMs) ?? (this.#named.has(keyId) ? by : null);
      return name === null ? [] : [{ kind, by: name, text, atMs: storedMs, keyId }];
    });
    const decided = (this.#acts?.history.acts ?? []).flatMap(({ act, inForce }): PersonAnswer[] => {
      if (inForce === null || (act.kind !== 'finding.ack' && act.kind !== 'finding.resolve')) return [];
      if (act.detail.finding !== id) return [];
      const kind = act.kind === 'finding.ack' ? 'ack' : 'resolve';
      return [{ kind, by: act.by.name, text: act.reason, atMs: inForce.sealedMs, keyId: null }];
    });
    return [...noted, ...decided].sort((a, b) => a.atMs - b.atMs);
  }

  /** Of an officer of the charter that was in force then. */
  #nameOf(keyId: string, atMs: number): string | null {
    const inForce = this.#charters.findLast(({ fromMs }) => fromMs <= atMs);
    const person = inForce?.charter.people.find(({ fingerprint }) => fingerprint.startsWith(keyId));
    return person?.roles.includes('officer') === true ? person.name : null;
  }
}
