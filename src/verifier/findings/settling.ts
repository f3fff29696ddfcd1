// What did people say and decide about each finding? By notes beside it, and by acts in the archive.
import type { Sha256 } from '../../base/hash.ts';
import type { CosignerKey } from '../../format/cosignature.ts';
import type { ActsLook } from '../../read/acts.ts';
import { type AcceptedGap, acceptedGaps } from '../../verify/acts/accepted-gaps.ts';
import type { Finding } from '../../verify/finding.ts';
import { isDecision } from '../decisions.ts';
import type { LostRanges } from './lost-ranges.ts';
import { KnownPeople, type PersonAnswer } from './people.ts';
import { scopeOfName } from './record.ts';
import type { FindingResponse } from './response.ts';
import { type LostInSegment, type Settled, settledBy } from './settled.ts';

type Asked = {
  readonly id: string;
  readonly scope: string;
  readonly finding: Finding;
  /** What a check has closed is settled by nobody. */
  readonly isOpen: boolean;
  /** By keys of `people.keys`. */
  readonly responses: readonly (FindingResponse & { readonly storedMs: number })[];
  /** Notes at keys of responses that none of these has signed. */
  readonly otherResponses: number;
};

export type Said = {
  readonly answers: readonly PersonAnswer[];
  /** By people whose keys are not known here. */
  readonly otherAnswers: number;
  /** Of lost records: which offsets, or why they could not be read. Null: of something else. */
  readonly lost: readonly LostInSegment[] | string | null;
  readonly settled: Settled | null;
};

export type SettlingOptions = {
  /** A string: why nothing is known of its decisions. */
  readonly archive: { readonly look: ActsLook; readonly ranges: Pick<LostRanges, 'of'> } | string;
  /** People whom the reader knows without a charter. */
  readonly named: readonly CosignerKey[];
  readonly sha256: Sha256;
};

export class Settling {
  readonly #archive: SettlingOptions['archive'];
  readonly #accepted: readonly AcceptedGap[];
  readonly people: KnownPeople;
  /** Why decisions of the governance chain settle nothing. Null: they were read. */
  readonly decisionsUnknown: string | null;

  constructor({ archive, named, sha256 }: SettlingOptions) {
    const acts = typeof archive !== 'string' && archive.look.kind === 'read' ? archive.look : null;
    this.#archive = archive;
    this.#accepted = acts === null ? [] : acceptedGaps(acts);
    this.people = new KnownPeople(named, acts, sha256);
    this.decisionsUnknown = typeof archive === 'string' ? archive : unknownOf(archive.look);
  }

  /** Reads at most one segment of the archive, for an open finding about lost records. */
  async of(asked: Asked, signal: AbortSignal): Promise<Said> {
    const { id, finding, responses, otherResponses, isOpen } = asked;
    const lost = isOpen ? await this.#lostOf(asked, signal) : null;
    const answers = this.people.answersTo(id, responses);
    const unknown = responses.length - this.people.answersTo('', responses).length;
    const ranges = typeof lost === 'string' ? null : lost;
    const settled = isOpen ? settledBy(finding, answers, this.#accepted, ranges) : null;
    return { answers, otherAnswers: otherResponses + unknown, lost, settled };
  }

  async #lostOf({ scope, finding }: Asked, signal: AbortSignal): Promise<Said['lost']> {
    const { place } = scopeOfName(scope);
    if (!isDecision(finding) || finding.code !== 'records-lost' || place === null) return null;
    if (finding.sequence === null) return 'it stands for several segments';
    return typeof this.#archive === 'string'
      ? this.#archive
      : this.#archive.ranges.of(place, finding.sequence, signal);
  }
}

function unknownOf(look: ActsLook): string | null {
  switch (look.kind) {
    case 'no-chain':
      return null;
    case 'no-key':
      return 'no key of archive.trusted covers the governance chain';
    case 'unread':
      return `the governance chain could not be read: ${look.problem}`;
    case 'read':
      return look.isVerified ? null : `the governance chain was read in part: ${look.problem}`;
  }
}
