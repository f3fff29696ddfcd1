// What does the page show of open findings: which they are, who answered, and what was dealt with?
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { archiveOriginOf, type VerifierConfig } from '../../config/verifier.ts';
import type { ActsLook } from '../../read/acts.ts';
import { CheckedNotes } from '../../verifier/findings/checked-notes.ts';
import { LostRanges } from '../../verifier/findings/lost-ranges.ts';
import { type OpenFinding, readOpenFindings } from '../../verifier/findings/open-findings.ts';
import { type Said, Settling } from '../../verifier/findings/settling.ts';
import type { Verifier } from '../../verifier/verifier.ts';

export type BoardFinding = Pick<OpenFinding, 'id' | 'file' | 'openedMs' | 'seenMs' | 'notified'> & Said;

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
    const settling = new Settling({ archive: { look, ranges }, named: config.people, sha256: nodeSha256 });
    const nowMs = clock.now();
    const { findings, omitted } = await readOpenFindings({
      ...{ store, keys, checked, people: { ...keys, cosigners: settling.people.keys }, nowMs, signal },
    });
    const shown: BoardFinding[] = [];
    for (const { id, file, openedMs, seenMs, notified, responses, otherResponses } of findings) {
      const asked = { id, scope: file.scope, finding: file.finding, responses, otherResponses };
      const said = await settling.of({ ...asked, isOpen: true }, signal);
      shown.push({ id, file, openedMs, seenMs, notified, ...said });
    }
    return { findings: shown, omitted, decisionsUnknown: settling.decisionsUnknown, asOfMs: nowMs };
  };
}
