// What does the full pass need beside what every task has?
import type { Logger } from '../../base/log.ts';
import { VERSION } from '../../base/version.ts';
import type { DecisionReader } from '../../read/decision-reader.ts';
import { Certifier } from '../../verifier/destroyed/certifier.ts';
import type { OwnBucket } from '../../verifier/own-bucket.ts';
import { scrubTask } from '../../verifier/tasks/scheduled.ts';
import type { ScrubTools } from '../../verifier/tasks/scrub.ts';
import { ScrubLog } from '../../verifier/tasks/scrub-progress.ts';
import type { Task } from '../../verifier/verifier.ts';

type Step = Omit<ScrubTools, 'log' | 'everyMs' | 'certifier' | 'decisions' | 'archive'> & {
  readonly archive: ScrubTools['archive'] & { readonly description: string };
  readonly decisions: DecisionReader;
};

/** Reads everything again, and certifies what is gone and might go. */
export function fullPassTask(
  step: Step,
  bucket: OwnBucket,
  options: {
    readonly name: string;
    readonly log: Logger;
    readonly everyMs: number;
    readonly bytesPerRun: number;
  },
): Task {
  const { archive, decisions, sha256 } = step;
  const { name, log, everyMs, bytesPerRun } = options;
  const verifier = { name, version: VERSION };
  const certifier = new Certifier({
    ...{ bucket, decisions, sha256, log, storeName: archive.description, verifier },
  });
  return scrubTask({ ...step, log: new ScrubLog(bucket), certifier, everyMs }, bytesPerRun);
}
