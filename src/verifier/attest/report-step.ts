// What is known of one chain after a step, and which open findings does that settle?
import { LedgerstoneError } from '../../base/error.ts';
import type { Finding } from '../../verify/finding.ts';
import { placeText } from '../../verify/handover.ts';
import type { ChainPlace } from '../../verify/survey.ts';
import { isMore } from '../findings/bounds.ts';
import type { Covers } from '../findings/ledger.ts';
import { chainScope, sequenceOf } from '../findings/record.ts';
import { handoversOf } from '../tasks/confirm.ts';
import type { Verifier } from '../verifier.ts';
import { confirmStep, type StepOptions, type StepResult } from './attest-step.ts';

/** A step with its findings reported. Rejects where a repeat may say more: something could not be read, or kept. */
export async function confirmPlace(
  verifier: Verifier,
  place: ChainPlace,
  options: StepOptions,
): Promise<StepResult> {
  const { log, findings: sink, step } = verifier;
  const result = await stepOf(verifier, place, options);
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

/** What anybody can put behind a chain's end, and what the chain is continued elsewhere for. */
const STRAY_CODES: ReadonlySet<string> = new Set([
  ...['malformed', 'sequence-gap', 'bad-signature', 'unknown-key', 'no-trusted-key'],
]);

/** Whether another chain goes on from this one is asked only where it makes a difference: every first seal is read for it. */
async function stepOf(verifier: Verifier, place: ChainPlace, options: StepOptions): Promise<StepResult> {
  const result = await confirmStep(verifier.step, place, options);
  if (!result.findings.some(({ code }) => STRAY_CODES.has(code))) return result;
  const handovers = (await handoversOf(verifier, options.signal)).get(placeText(place)) ?? [];
  return handovers.length === 0 ? result : confirmStep(verifier.step, place, { ...options, handovers });
}

const codesOf = (findings: readonly Finding[]): string =>
  [...new Set(findings.map(({ code }) => code))].join(', ');

const secondsSince = (time: string, nowMs: number): number =>
  Math.round((nowMs - Date.parse(time)) / 100) / 10;

/** What an event may have shown of segments that no step walks over again. */
const SHOWN_BY_EVENTS: ReadonlySet<string> = new Set(['sequence-gap', 'data-missing']);

/** A step sees the chain's end, and the segments that it has walked; of older ones it says nothing. */
function coverageOf({ findings, report, confirmed, isAtEnd, verdict }: StepResult): boolean | Covers {
  if (!isAtEnd || findings.some(({ code }) => code === 'unreadable')) return false;
  const size = report?.size ?? 0;
  const walkedFrom = size > 0 ? size - (report?.checked.seals ?? 0) : Math.max(0, (confirmed?.size ?? 0) - 1);
  return ({ check, finding }) => {
    if (check !== 'confirm' && check !== 'look') return false;
    // Faults that a step itself has met keep it from attesting, so the next one walks over all of them again.
    if (isMore(finding)) {
      const { severity, code } = finding;
      return verdict === 'verified' && severity !== 'attempt' && !SHOWN_BY_EVENTS.has(code);
    }
    const sequence = sequenceOf(finding);
    if (sequence === null) return finding.key === null;
    // A seal that is missing behind the end is known from an event alone: the step can't miss it.
    return sequence >= walkedFrom && (sequence < size || finding.code !== 'sequence-gap');
  };
}
