// What happens to a new seal? This file names each step from the last attestation of a chain to the next one.
// The work comes from run.ts. The checks of one seal are in ../verify: confirm.ts walks a chain from the last
// attested seal on, and chain-check.ts checks each seal as it does for verify.ts and a whole archive.
import { fromHex, toHex } from '../base/bytes.ts';
import { LedgerstoneError } from '../base/error.ts';
import { sealsAlone } from '../verify/acts/held-to.ts';
import { type Confirmation, type Confirmed, confirmChain, isAgainstConfirmed } from '../verify/confirm.ts';
import { type Finding, findingOf, verdictOf, worstVerdict } from '../verify/finding.ts';
import { chainText } from '../verify/handover.ts';
import type { ChainReport } from '../verify/report.ts';
import { secondContinuations } from '../verify/rival-chains.ts';
import type { ChainInArchive } from '../verify/survey.ts';
import type { Attested, ForeignObject } from './attest/attestation-reader.ts';
import type { AttestOutcome } from './attest/attester.ts';
import { floodFindings } from './attest/flood.ts';
import { decisionFindings } from './decisions.ts';
import type { Covers } from './findings/closed-by.ts';
import { chainScope } from './findings/record.ts';
import { stepCoverage } from './findings/step-coverage.ts';
import { handoversOf } from './known-chains.ts';
import type { StepFindings, StepOptions, StepResult, StepTools, Verifier } from './verifier.ts';

/**
 * The new seals of one chain. Rejects if a repeat may show more, because something could not be read or not
 * be kept as evidence.
 */
export async function confirmSeals(
  verifier: Verifier,
  place: ChainInArchive,
  given: StepOptions,
): Promise<StepResult> {
  const options: StepOptions = {
    ...given,
    allHandovers: () => handoversOf(verifier, given.signal),
    overlaps: (report, attested) => verifier.sources.overlaps(report, attested, given.signal),
    beforeAttesting: (found) => reportFindings(verifier, found, { complete: false, ...given }),
  };
  // 1. Check every seal behind the last attestation, and attest the last one.
  let result = await confirmStep(verifier.step, place, options);

  // 2. If the faults may be due to a handover: look for handovers, and check again.
  if (result.findings.some(({ code }) => CODES_AFTER_HANDOVER.has(code))) {
    const handovers = (await handoversOf(verifier, options.signal)).get(chainText(place)) ?? [];
    if (handovers.length > 0) result = await confirmStep(verifier.step, place, { ...options, handovers });
  }

  // 3. Keep what was found as evidence, close what is gone, and notify people.
  const { reader } = verifier.step.attester;
  await reportFindings(verifier, result, { complete: stepCoverage(result, reader, given.signal), ...given });

  // 4. Log it.
  logStep(verifier, result);

  // 5. The next run reads again what could not be read.
  requireReadable(result);
  return result;
}

/**
 * Attests only what this call has walked from the last attestation on, seal by seal, with every stored
 * byte hashed again. Where data is gone that this verifier has never read, nothing is attested, though its
 * retention may be over: the writer chose that time, and nobody else has seen the data. Rejects if the
 * archive or the attestation bucket can't be reached. Then nothing is attested.
 */
export async function confirmStep(
  tools: StepTools,
  place: ChainInArchive,
  options: StepOptions,
): Promise<StepResult> {
  const { hintSize, signal } = options;

  // 1a. Where this verifier stands: its own newest attestation of this chain.
  const { attested, isGone, foreign, flood } = await tools.attester.reader.newest(place, hintSize, signal);
  const gone = attested !== null && isGone ? [goneFinding(attested)] : [];
  const around = [...gone, ...foreign.map(foreignFinding), ...floodFindings(flood)];
  // Without it nothing can be attested: another root may have been attested before.
  if (flood?.below === 'not-read') {
    return { ...NOTHING_WALKED, place, verdict: verdictOf(around), findings: around };
  }

  // 1b. Every seal behind it: links, root, signatures, locks, and every byte of its data.
  //     Where data had expired unread, this process goes on from where it has walked to before.
  const before = tools.unread?.of(place, attested?.size ?? 0) ?? null;
  const confirmation = await walk(tools, place, before?.walked ?? attested, options);
  if (confirmation === null) return { ...NO_CHAIN, place, verdict: verdictOf(around), findings: around };
  const { report, head, isAtEnd } = confirmation;
  const unreadSegments = report.expiredUnread + (before?.segments ?? 0);
  const unread = unreadFindings(unreadSegments);
  if (unreadSegments > 0 && report.verdict === 'verified' && head !== null) {
    const { origin, size, root } = report;
    const walked = { origin, size, root: fromHex(root) };
    tools.unread?.note(place, attested?.size ?? 0, { walked, segments: unreadSegments });
  }
  const decisions = report.verdict === 'verified' ? decisionFindings(report) : [];
  const rivals = await rivalFindings(report, options);
  // One that somebody deleted is made again.
  const attestedSize = (attested?.size ?? 0) - (isGone ? 1 : 0);
  const isNews = head !== null && head.manifest.sequence + 1 > attestedSize;
  const isSound = report.verdict === 'verified' && unread.length + rivals.length === 0;
  const overlaps = isNews && isSound ? ((await options.overlaps?.(report, attested)) ?? []) : [];
  const apart = [...unread, ...rivals, ...overlaps];
  const own = report.findings.map((finding) =>
    attested !== null && isAgainstConfirmed(finding) ? againstAttested(finding, attested) : finding,
  );
  const findings = [...around, ...own, ...apart, ...decisions];
  const verdict = worstVerdict([report.verdict, verdictOf(apart)]);
  const result = { place, report, isAtEnd, findings, confirmed: standing(attested, report), isNew: false };

  // 1c. Nothing is attested if anything is wrong, if some data was never read, if another chain continues
  //     the same one or holds the same offsets, or if nothing is new.
  if (!isNews || verdict !== 'verified') return { ...result, verdict };

  // 1d. What was found all the same is reported first: no later step walks these segments again.
  if (findings.some(({ severity }) => severity !== 'info')) await options.beforeAttesting?.(result);

  // 1e. This verifier's own signature, in its own bucket.
  const outcome = outcomeOf(await tools.attester.attest(place, head, signal), report, findings);
  return { ...result, ...outcome, oldestRecord: head.manifest.time.first };
}

/** Looked for where the walk has begun at a first seal that continues another chain. */
async function rivalFindings(report: ChainReport, { allHandovers }: StepOptions): Promise<Finding[]> {
  if (report.verdict !== 'verified' || report.continues === null || allHandovers === undefined) return [];
  const problem = secondContinuations([...(await allHandovers()).values()].flat()).get(report.origin);
  return problem === undefined ? [] : [findingOf(problem.code, { ...problem, sequence: 0 })];
}

/** One finding of the chain. The walk began behind the last attestation, so no attestation covers them. */
function unreadFindings(segments: number): Finding[] {
  if (segments === 0) return [];
  const which = segments === 1 ? '1 segment' : `${segments} segments`;
  const found =
    `${which} expired before this verifier read them: nobody but the writer is known to have seen the data. ` +
    'Nothing from there on is attested, also later. Let another chain continue this one';
  return [findingOf('expired-unread', { expected: 'data that this verifier has read', found })];
}

const NOTHING_WALKED = { report: null, confirmed: null, isNew: false, isAtEnd: false } as const;
const NO_CHAIN = { ...NOTHING_WALKED, isAtEnd: true } as const;

/** Faults that anybody can cause behind a chain's end, and those after the end of a continued chain. */
const CODES_AFTER_HANDOVER: ReadonlySet<string> = new Set([
  ...['malformed', 'sequence-gap', 'bad-signature', 'unknown-key', 'no-trusted-key', 'fork'],
]);

async function walk(
  {
    archive,
    trusted,
    sha256,
    checker,
    clock,
    leastLock,
    bytesInFlight,
    indexing,
    decisions,
    shown,
  }: StepTools,
  place: ChainInArchive,
  confirmed: Confirmed | null,
  { handovers, mayGoOn, signal }: StepOptions,
): Promise<Confirmation | null> {
  const heldTo = (await decisions?.heldTo(signal)) ?? null;
  const visitor = indexing?.begin(place, false, signal) ?? null;
  const confirmation = confirmChain(archive, place, {
    ...{ trusted, sha256, checker, confirmed, depth: 'content', nowMs: clock.now(), visitor },
    ...(heldTo && { heldTo: sealsAlone(heldTo) }),
    ...(leastLock && { leastLock }),
    ...(shown && { shown }),
    ...(handovers && { handovers }),
    ...(mayGoOn && { mayGoOn }),
    ...(bytesInFlight && { bytesInFlight }),
    ...(signal && { signal }),
  });
  // Indexes that fail are no reason not to attest.
  return confirmation.finally(() => visitor?.finish());
}

/** The offset is known if the last attested seal was read again and has not changed. */
function standing(attested: Attested | null, report: ChainReport): StepResult['confirmed'] {
  if (attested === null) return null;
  const root = toHex(attested.root);
  const isSame = report.size === attested.size && report.root === root;
  return { size: attested.size, nextOffset: isSame ? report.nextOffset : null, root };
}

function outcomeOf(
  outcome: AttestOutcome,
  { size, nextOffset, root, verdict }: ChainReport,
  findings: readonly Finding[],
): Pick<StepResult, 'verdict'> & Partial<StepResult> {
  const { key } = outcome;
  switch (outcome.kind) {
    case 'attested':
    case 'existed':
      return {
        verdict: 'verified',
        confirmed: { size, nextOffset, root },
        isNew: outcome.kind === 'attested',
      };
    case 'conflict': {
      const expected = `root ${outcome.root}, attested before`;
      const finding = findingOf('fork', { key, expected, found: `root ${root}` });
      return { verdict: 'broken', findings: [...findings, finding] };
    }
    case 'obstructed': {
      const finding = findingOf('foreign-object', { key, expected: 'an attestation', found: outcome.why });
      return { verdict, findings: [...findings, finding] };
    }
  }
}

const goneFinding = ({ key, size }: Attested): Finding =>
  findingOf('access-attempt', {
    ...{ key, expected: `this verifier's attestation up to size ${size}, which it has seen there` },
    found: 'nothing: somebody deleted it, or shows another place',
  });

/** About the attestation: while that is not there, nobody can know whether the chain is as it was. */
const againstAttested = ({ code, expected, found }: Finding, { key }: Attested): Finding =>
  findingOf(code, { key, expected, found });

const foreignFinding = ({ key, versionId, why }: ForeignObject): Finding =>
  findingOf('foreign-object', { key, versionId, expected: "this verifier's attestation", found: why });

async function reportFindings(
  { findings: sink }: Verifier,
  { place, findings, report }: StepFindings,
  { complete, signal }: Pick<StepOptions, 'signal'> & { readonly complete: false | Covers },
): Promise<void> {
  await sink.report(chainScope(place), findings, {
    check: 'confirm',
    complete,
    omitted: report?.findingsOmitted ?? 0,
    ...(signal && { signal }),
  });
}

function logStep({ log, step: { clock } }: Verifier, result: StepResult): void {
  const { place, verdict, confirmed, isNew, isAtEnd, report, findings } = result;
  const lastSealed = report?.lastSealed ?? null;
  const secondsAfterSeal =
    lastSealed === null ? null : Math.round((clock.now() - Date.parse(lastSealed)) / 100) / 10;
  const fields = { ...place, verdict, size: confirmed?.size ?? 0, isNew, isAtEnd, secondsAfterSeal };
  const codes = [...new Set(findings.map(({ code }) => code))].join(', ');
  if (isNew) log.info({ ...fields, nextOffset: confirmed?.nextOffset ?? null }, 'attested');
  else if (verdict !== 'verified') log.warn(fields, `not attested: ${codes}`);
}

function requireReadable({ findings }: StepResult): void {
  const unread = findings.find(({ code }) => code === 'unreadable');
  if (unread === undefined) return;
  const what = `${unread.key ?? 'the archive'}: ${unread.found ?? 'not readable'}`;
  throw new LedgerstoneError('unreadable', what, {
    disposition: 'retriable',
    remedy: 'It is read again by the next run; what was found so far is kept.',
  });
}
