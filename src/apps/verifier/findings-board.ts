// What does the page show of open findings: which they are, who answered, and what was dealt with?
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { archiveOriginOf, type VerifierConfig } from '../../config/verifier.ts';
import type { ActsLook } from '../../read/acts.ts';
import { isDecision } from '../../verifier/decisions.ts';
import { CheckedNotes } from '../../verifier/findings/checked-notes.ts';
import { LostRanges } from '../../verifier/findings/lost-ranges.ts';
import { type OpenFinding, readOpenFindings } from '../../verifier/findings/open-findings.ts';
import { KnownPeople, type PersonAnswer } from '../../verifier/findings/people.ts';
import { scopeOfName } from '../../verifier/findings/record.ts';
import { type LostInSegment, type Settled, settledBy } from '../../verifier/findings/settled.ts';
import type { Verifier } from '../../verifier/verifier.ts';
import { type AcceptedGap, acceptedGaps } from '../../verify/acts/accepted-gaps.ts';

export type BoardFinding = Pick<OpenFinding, 'id' | 'file' | 'openedMs' | 'seenMs' | 'notified'> & {
  readonly answers: readonly PersonAnswer[];
  /** By people whose keys are not known here. */
  readonly otherAnswers: number;
  /** Of lost records: which offsets, or why they could not be read. Null: of something else. */
  readonly lost: readonly LostInSegment[] | string | null;
  readonly settled: Settled | null;
};

export type Board = {
  /** The newest first. */
  readonly findings: readonly BoardFinding[];
  readonly omitted: number;
  /** Why decisions of the governance chain settle nothing. Null: they were read. */
  readonly decisionsUnknown: string | null;
  readonly asOfMs: number;
};

export type BoardState = {
  /** As it was read last. Null: it was not read yet. */
  readonly board: Board | null;
  /** Why the last reading failed. Null: it did not. */
  readonly problem: string | null;
};

const AGAIN_MS = 60_000;

/** Reads again only while somebody asks, and at most once a minute: each reading lists all findings. */
export class FindingsBoard {
  readonly #read: (signal: AbortSignal) => Promise<Board>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #end = new AbortController();
  #state: BoardState = { board: null, problem: null };
  #reading: Promise<void> | null = null;
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(read: (signal: AbortSignal) => Promise<Board>, clock: Pick<Clock, 'monotonic'>) {
    this.#read = read;
    this.#clock = clock;
  }

  /** What is known. It begins to read where that is old. */
  ask(): BoardState {
    if (this.#reading === null && this.#clock.monotonic() - this.#readMs >= AGAIN_MS)
      this.#reading = this.#renew();
    return this.#state;
  }

  /** Once what is being read was read. */
  async settled(): Promise<BoardState> {
    await this.#reading;
    return this.#state;
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#readMs = Number.POSITIVE_INFINITY;
    await this.#reading;
  }

  async #renew(): Promise<void> {
    this.#readMs = this.#clock.monotonic();
    try {
      this.#state = { board: await this.#read(this.#end.signal), problem: null };
    } catch (error) {
      if (!this.#end.signal.aborted) this.#state = { ...this.#state, problem: messageOf(error) };
    } finally {
      this.#reading = null;
    }
  }
}

/** Over the stores and keys of the running verifier. */
export function boardReader(
  config: VerifierConfig,
  verifier: Pick<Verifier, 'own' | 'archive' | 'step' | 'clock'>,
): (signal: AbortSignal) => Promise<Board> {
  const { own: store, archive, step, clock } = verifier;
  const { trusted } = config.archive;
  const cosigners = [step.attester.key, ...config.cosigner.earlier];
  const keys = { archiveOrigin: archiveOriginOf(config), cosigners, sha256: nodeSha256 };
  const checked = new CheckedNotes({ store, keys });
  const ranges = new LostRanges({ archive, trusted });
  return async (signal) => {
    const look: ActsLook = (await step.decisions?.look(signal)) ?? { kind: 'no-chain' };
    const acts = look.kind === 'read' ? look : null;
    const people = new KnownPeople(config.people, acts, nodeSha256);
    const accepted = acts === null ? [] : acceptedGaps(acts);
    const nowMs = clock.now();
    const { findings, omitted } = await readOpenFindings({
      ...{ store, keys, checked, people: { ...keys, cosigners: people.keys }, nowMs, signal },
    });
    const shown: BoardFinding[] = [];
    for (const one of findings) {
      const lost = await lostOf(ranges, one, signal);
      shown.push(boardFinding(one, people, accepted, lost));
    }
    return { findings: shown, omitted, decisionsUnknown: unknownOf(look), asOfMs: nowMs };
  };
}

async function lostOf(
  ranges: LostRanges,
  { file: { finding, scope } }: OpenFinding,
  signal: AbortSignal,
): Promise<BoardFinding['lost']> {
  const { place } = scopeOfName(scope);
  if (!isDecision(finding) || finding.code !== 'records-lost' || place === null) return null;
  if (finding.sequence === null) return 'it stands for several segments';
  return ranges.of(place, finding.sequence, signal);
}

function boardFinding(
  { id, file, openedMs, seenMs, notified, responses, otherResponses }: OpenFinding,
  people: KnownPeople,
  accepted: readonly AcceptedGap[],
  lost: BoardFinding['lost'],
): BoardFinding {
  const answers = people.answersTo(id, responses);
  const unknown = responses.length - people.answersTo('', responses).length;
  const settled = settledBy(file.finding, answers, accepted, typeof lost === 'string' ? null : lost);
  return {
    ...{ id, file, openedMs, seenMs, notified, answers, lost, settled },
    otherAnswers: otherResponses + unknown,
  };
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
