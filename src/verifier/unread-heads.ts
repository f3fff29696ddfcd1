// Up to where has this process walked chains that it will not attest, because data expired before it came?
import type { Clock } from '../base/clock.ts';
import type { Confirmed } from '../verify/confirm.ts';
import { chainText } from '../verify/handover.ts';
import type { ChainInArchive } from '../verify/survey.ts';

export type UnreadHead = {
  /** What was sound up to there but for the data that is gone. It is never attested. */
  readonly walked: Confirmed;
  /** Segments up to there whose data this verifier never read. */
  readonly segments: number;
};

type Noted = UnreadHead & { readonly attestedSize: number; readonly sinceMs: number };

/** Then everything is walked again: somebody may have brought the data back. */
const KEPT_MS = 86_400_000;

/** Nobody can read expired data any more, so a walk from the start would find the same again each time. */
export class UnreadHeads {
  readonly #clock: Clock;
  readonly #heads = new Map<string, Noted>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Where the next walk begins. Null: at the last attestation, whose size is given; 0 is none. */
  of(place: ChainInArchive, attestedSize: number): UnreadHead | null {
    const noted = this.#heads.get(chainText(place));
    if (noted === undefined || noted.attestedSize !== attestedSize) return null;
    return this.#clock.monotonic() - noted.sinceMs > KEPT_MS ? null : noted;
  }

  note(place: ChainInArchive, attestedSize: number, head: UnreadHead): void {
    const before = this.of(place, attestedSize) === null ? undefined : this.#heads.get(chainText(place));
    const sinceMs = before?.sinceMs ?? this.#clock.monotonic();
    this.#heads.set(chainText(place), { ...head, attestedSize, sinceMs });
  }
}
