// What is the verdict on an archive, with what a second party attested of it?
import { type Finding, type Verdict, verdictOf, worstVerdict } from '../../verify/finding.ts';
import type { Report } from '../../verify/report.ts';
import {
  type ArchiveAndAttestations,
  type AttestationSummary,
  type AttestationSurvey,
  attestationSummary,
  type ChainAttestation,
  confirmedChain,
  requireAttested,
  surveyAttestations,
} from './attestations-option.ts';
import type { Archive } from './open-archive.ts';
import type { Io } from './output.ts';
import { type StoreReport, type VerifyStoreOptions, verifyStore } from './verify-store.ts';

export type JudgedArchive = {
  readonly report: StoreReport;
  /** Null: no attestations were asked for. */
  readonly survey: AttestationSurvey | null;
  readonly confirmations: readonly ConfirmedChainText[];
  /** Origins of chains that the second party has not confirmed at all: of them nothing was compared. */
  readonly unattested: readonly string[];
};

/** Throws UsageError where attestations are asked for and there is none. */
export async function judgeArchive(
  io: Io,
  { archive, attestations, older }: ArchiveAndAttestations,
  options: Omit<VerifyStoreOptions, 'confirmed' | 'older'>,
): Promise<JudgedArchive> {
  const survey = attestations === null ? null : await surveyAttestations(attestations, io.signal);
  if (survey !== null && attestations !== null) requireAttested(survey, attestations);
  const attested = survey?.newest ?? [];
  const verified = await verifyStore(io, archive.store, archive.trusted, {
    ...options,
    older,
    confirmed: attested.map(confirmedChain),
  });
  const report = withFindings(verified, survey?.floods ?? []);
  const confirmations = await Promise.all(attested.map((one) => confirmed(archive, one, io.signal)));
  const unattested = survey === null ? [] : unattestedOf(report, attested);
  return { report, survey, confirmations, unattested };
}

/** The report, and what was found where the attestations are. */
function withFindings(report: StoreReport, findings: readonly Finding[]): StoreReport {
  const worst = (verdict: Verdict) => worstVerdict([verdict, verdictOf(findings)]);
  const { beside } = report;
  return {
    ...report,
    verdict: worst(report.verdict),
    findings: [...report.findings, ...findings],
    ...(beside && { beside: { ...beside, verdictAlone: worst(beside.verdictAlone) } }),
  };
}

export type ConfirmedChainText = AttestationSummary & { readonly origin: string };

const confirmed = async (
  archive: Archive,
  one: ChainAttestation,
  signal: AbortSignal,
): Promise<ConfirmedChainText> => ({
  origin: one.attested.origin,
  ...(await attestationSummary(archive, one, signal)),
});

/** Origins of chains that the second party has not confirmed at all: of them nothing was compared. */
function unattestedOf({ chains }: Pick<Report, 'chains'>, attested: readonly ChainAttestation[]): string[] {
  const origins = new Set(attested.map((one) => one.attested.origin));
  return chains.flatMap(({ origin }) => (origins.has(origin) ? [] : [origin]));
}
