// What is known of one chain after a step, and which open findings does that settle?
import { LedgerstoneError } from '../../base/error.ts';
import type { Finding } from '../../verify/finding.ts';
import type { ChainPlace } from '../../verify/survey.ts';
import { confirmStep, type StepOptions, type StepResult } from './confirm-step.ts';
import { chainScope, sequenceOf } from './finding-file.ts';
import type { Covers } from './ledger.ts';
import type { Verifier } from './verifier.ts';

/** A step with its findings reported. Rejects where a repeat may say more: something could not be read, or kept. */
export async function confirmPlace(
  verifier: Verifier,
  place: ChainPlace,
  options: StepOptions,
): Promise<StepResult> {
  const { log, findings: sink, step } = verifier;
  const result = await confirmStep(step, place, options);
  const { findings, report, confirmed, isAtEnd, isNew, verdict } = result;
  const { signal } = options;
  await sink.report(chainScope(place), findings, {
    check: 'confirm',
    complete: coverageOf(result),
    omitted: report?.findingsOmitted ?? 0,
    ...(signal && { signal }),
  });
  const secondsAfterSeal =
    report?.lastSealed == null ? null : secondsSince(report.lastSealed, step.clock.now());
  const fields = { ...place, verdict, size: confirmed?.size ?? 0, isNew, isAtEnd, secondsAfterSeal };
  if (isNew) log.info({ ...fields, nextOffset: confirmed?.nextOffset ?? null }, 'attested');
  else if (verdict !== 'verified') log.warn(fields, `not attested: ${codesOf(findings)}`);
  const unread = findings.find(({ code }) => code === 'unreadable');
  if (unread !== undefined) {
    throw new LedgerstoneError(
      'unreadable',
      `${unread.key ?? 'the archive'}: ${unread.found ?? 'not readable'}`,
      {
        disposition: 'retriable',
        remedy: 'It is read again by the next run; what was found so far is kept.',
      },
    );
  }
  return result;
}

const codesOf = (findings: readonly Finding[]): string =>
  [...new Set(findings.map(({ code }) => code))].join(', ');

const secondsSince = (time: string, nowMs: number): number =>
  Math.round((nowMs - Date.parse(time)) / 100) / 10;

/** A step sees the chain's end, and the segments that it has walked; of older ones it says nothing. */
function coverageOf({ findings, report, isAtEnd }: StepResult): boolean | Covers {
  if (!isAtEnd || findings.some(({ code }) => code === 'unreadable')) return false;
  const walkedFrom = report === null ? 0 : report.size - report.checked.seals;
  return ({ check, finding }) => {
    if (check !== 'confirm') return false;
    const sequence = sequenceOf(finding);
    return sequence === null ? finding.key === null : sequence >= walkedFrom;
  };
}
