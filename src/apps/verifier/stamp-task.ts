// When does the verifier have its day stamped? What reads tokens is loaded with the first one.
import type { VerifierConfig } from '../../config/verifier.ts';
import type { Stamper, StampOutcome } from '../../verifier/stamps/stamper.ts';
import type { Task } from '../../verifier/verifier.ts';
import type { StampingWith } from './stamping.ts';

/** Null: no authority is named. One that is down is no failure of this task: the stamp's age says so. */
export function stampTask(
  config: Pick<VerifierConfig, 'timestamps'>,
  tools: StampingWith,
  onStamp: (outcome: StampOutcome) => void = () => {},
): Task | null {
  if (config.timestamps === null) return null;
  let stamper: Stamper | null = null;
  return async ({ limits, metrics }) => {
    stamper ??= (await import('./stamping.ts')).stamperOf(config, tools);
    const outcome = await stamper?.run(limits.signal);
    metrics.lastStampMs = outcome?.lastMs ?? null;
    if (outcome !== undefined) onStamp(outcome);
  };
}

/** At the start, and not with the first stamp. Rejects with `config` where the roots can't be read. */
export async function requireRoots({ timestamps }: Pick<VerifierConfig, 'timestamps'>): Promise<void> {
  if (timestamps !== null) (await import('./stamping.ts')).rootsOf(timestamps);
}
