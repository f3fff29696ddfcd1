// `ledgerstone report controls`: which controls does this archive support, on a page that prints?
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { nodeSha256 } from '../../../base/node/hash.ts';
import type { PublicKey } from '../../../base/signature.ts';
import { periodOf } from '../../../config/units.ts';
import { readYaml } from '../../../config/yaml.ts';
import { type ControlFacts, runChecks } from '../../../evidence/controls/checks.ts';
import { type ControlMap, controlMapOf, type Framework } from '../../../evidence/controls/control-map.ts';
import type { DayFacts } from '../../../evidence/controls/day-checks.ts';
import { leastLockApart } from '../../../evidence/controls/least-lock.ts';
import { type ControlsReport, controlsVerdict, reportedControls } from '../../../evidence/report/controls.ts';
import type { ReportedChain } from '../../../evidence/report/printed-report.ts';
import type { ChainReport } from '../../../verify/report.ts';
import { idText } from '../../../verify/trust.ts';
import {
  type ArchiveAndAttestations,
  type AttestationOptions,
  openWithAttestations,
} from '../attestations-option.ts';
import { EXIT, exitCodeOfVerdict, UsageError } from '../exit-code.ts';
import { judgeArchive } from '../judge-archive.ts';
import type { OlderOptions } from '../older-option.ts';
import type { ArchiveOptions } from '../open-archive.ts';
import { keysOfPeople } from '../own-bucket-option.ts';
import type { Session } from '../session.ts';
import { readSigners } from '../signer-keys.ts';
import type { StoreReport } from '../verify-store.ts';
import { checksData, datesIn } from './checks.ts';
import { archiveFacts } from './losses.ts';
import {
  beginReport,
  type PrintOptions,
  type ReportRange,
  reportRange,
  requireNewFiles,
  writeReport,
} from './write.ts';

export type ControlsReportOptions = ArchiveOptions &
  AttestationOptions &
  OlderOptions &
  PrintOptions & {
    readonly framework: string;
    readonly leastLock?: string;
    readonly asCopy?: boolean;
    readonly person?: readonly string[];
  };

const LOOKED = [
  'Every seal of each chain below, its signature, its link to the one before, and every stored byte of its data.',
  'The lock of each of these objects, where the store has locks.',
];
const NOT_LOOKED = [
  'Who may do what in the accounts: roles, policies and who is in them.',
  'The producers, Kafka, and what was never sent.',
  'Whether the second party is run by other people than the archiver.',
  'All other systems and controls of the organisation.',
];

/** Where the file lies beside the code: in a checkout, and in the package. */
const MAP = import.meta.url.endsWith('.ts') ? '../../../evidence/controls/controls.yaml' : './controls.yaml';

export async function readControlMap(): Promise<ControlMap> {
  const text = await readFile(fileURLToPath(new URL(MAP, import.meta.url)), 'utf8');
  const { yaml, problems } = readYaml(text, {});
  const [first] = problems;
  if (first !== undefined) throw new Error(`controls.yaml:${first.position.line}: ${first.message}`);
  return controlMapOf(yaml.value);
}

export async function runControlsReport(
  session: Session,
  name: string | undefined,
  options: ControlsReportOptions,
): Promise<number> {
  const { io } = session;
  const began = beginReport();
  const map = await readControlMap();
  const framework = frameworkOf(map, options.framework);
  const range = reportRange(options);
  const isRanged = options.from !== undefined || options.to !== undefined;
  const dates = isRanged ? datesIn(range) : null;
  if (isRanged && options.attestations === undefined)
    throw new UsageError(
      '--from and --to choose days of the second party',
      'Give --attestations and --cosigner too.',
    );
  await requireNewFiles(options);
  const opened = await openWithAttestations(name, options, io.env);
  const { archive } = opened;
  try {
    if (archive.trusted.length === 0)
      throw new UsageError(
        'no trusted key: what was not checked is no evidence',
        'Add --key KEY, or name the archive with --config.',
      );
    const { report, survey, confirmations, unattested } = await judgeArchive(io, opened, {
      ...{ depth: 'content', nowMs: Date.parse(began), asCopy: options.asCopy === true },
      leastLock: options.leastLock === undefined ? null : periodOf(options.leastLock),
    });
    const facts: ControlFacts = {
      report,
      keys: archive.trusted.map((key) => `${key.name} ${idText(key)}`),
      leastLock: options.leastLock ?? null,
      attestations: survey === null ? null : { confirmed: confirmations, unattested },
      archive: name ?? archive.store.description,
      days: await daysOf(
        opened,
        { range, dates, people: await readSigners(io.stdin, options.person ?? []) },
        io.signal,
      ),
    };
    const data = reportedControls(map, framework, runChecks(facts));
    const verdict = controlsVerdict(data);
    // Of a chain whose seals promise too little all was looked at.
    const chains = leastLockApart(report).report.chains.map(reportedChain);
    const ofVerdict = exitCodeOfVerdict(report.verdict);
    return await writeReport<ControlsReport>(
      session,
      { ...options, tz: 'UTC' },
      {
        ...{ kind: 'controls', window: range.window, verdict, chains, data, began },
        ...{ looked: [...LOOKED, ...olderTexts(report)], notLooked: NOT_LOOKED },
        archive: archiveFacts(name, archive, chains),
        exitCode: verdict.standing === 'found' ? EXIT.broken : ofVerdict,
      },
    );
  } finally {
    await opened.close();
  }
}

/** They were verified, and nothing else of them stands in the report. */
const olderTexts = ({ beside }: Pick<StoreReport, 'beside'>): string[] =>
  (beside?.archives ?? []).map(
    ({ name, report }) =>
      `The older archive ${name}, by its own keys: ${report.verdict}. ` +
      'The numbers of the controls are of this archive alone.',
  );

type DaysAsked = {
  readonly range: ReportRange;
  /** Null: no days were asked for. */
  readonly dates: readonly string[] | null;
  readonly people: readonly PublicKey[];
};

/** What the place of attestations says of these days, by notes for an archive of this name. */
async function daysOf(
  { archive, attestations }: ArchiveAndAttestations,
  { range, dates, people }: DaysAsked,
  signal: AbortSignal,
): Promise<DayFacts> {
  if (attestations === null || dates === null) return null;
  const { store, cosigners } = attestations;
  const [archiveOrigin, ...others] = new Set(archive.trusted.map((key) => key.name));
  if (archiveOrigin === undefined || others.length > 0)
    throw new UsageError('the trusted keys have several names', 'Give the keys of one archive.');
  const keys = { archiveOrigin, cosigners, sha256: nodeSha256 };
  const named = keysOfPeople(keys, people).cosigners;
  return await checksData({ store, keys, named, archive, range, dates, roots: null, signal });
}

/** Throws UsageError with all names for one that is not on the map. */
function frameworkOf({ frameworks }: ControlMap, id: string): Framework {
  const found = frameworks.find((one) => one.id === id);
  if (found !== undefined) return found;
  throw new UsageError(
    `--framework ${id}: no such framework`,
    `Give one of ${frameworks.map((one) => one.id).join(', ')}.`,
  );
}

const NOT_VERIFIED: Readonly<Record<string, string>> = {
  broken: 'it is broken',
  unverifiable: 'it could not be verified',
};

function reportedChain(one: ChainReport): ReportedChain {
  const { chain, partition, origin, size, root, firstOffset, nextOffset, entries, lastSealed, verdict } = one;
  const isEmpty = firstOffset === null || nextOffset === null || nextOffset === firstOffset;
  return {
    ...{ chain, partition, origin, archived: entries, lastSealed },
    checkpoint: size === 0 ? null : { size, root },
    firstOffset: isEmpty ? null : firstOffset,
    lastOffset: isEmpty ? null : nextOffset - 1,
    gaps: isEmpty ? 0 : nextOffset - firstOffset - entries,
    problem: NOT_VERIFIED[verdict] ?? null,
  };
}
