// How does what was found become a report: with its protocol, signed, and whole on the disk?
import { systemClock } from '../../../base/clock.ts';
import { nodeSha256 } from '../../../base/node/hash.ts';
import { VERSION } from '../../../base/version.ts';
import { csvOf, faceOf, type KnownReport, oscalOf } from '../../../evidence/report/face.ts';
import { reportPage } from '../../../evidence/report/frame.ts';
import {
  type ReportProtocol,
  type ReportWindow,
  signReport,
} from '../../../evidence/report/printed-report.ts';
import { isWord } from '../../../format/scalar.ts';
import { timeText } from '../../../format/time.ts';
import { account } from '../account.ts';
import { buildDigest } from '../build-digest.ts';
import { UsageError } from '../exit-code.ts';
import { NewFiles, requireNoFile } from '../new-files.ts';
import type { ArchiveOptions } from '../open-archive.ts';
import type { Session } from '../session.ts';
import { openSignerOfLong, type SignerOptions } from '../signer-option.ts';
import { momentFromText, requireZone } from '../time-option.ts';

export type PrintOptions = SignerOptions &
  Pick<ArchiveOptions, 'region' | 'endpoint'> & {
    readonly from?: string;
    readonly to?: string;
    readonly tz: string;
    readonly by?: string;
    readonly out: string;
    readonly json?: string;
    readonly csv?: string;
    readonly oscal?: string;
  };

export type ReportRange = {
  readonly window: ReportWindow;
  readonly sinceMs: number;
  readonly untilMs: number;
};

/** Throws UsageError. */
export function reportRange({ from, to, tz }: Pick<PrintOptions, 'from' | 'to' | 'tz'>): ReportRange {
  requireZone(tz);
  const sinceMs = from === undefined ? Number.NEGATIVE_INFINITY : momentFromText(from, tz);
  const untilMs = to === undefined ? Number.POSITIVE_INFINITY : momentFromText(to, tz);
  if (sinceMs >= untilMs)
    throw new UsageError(`--from ${from} is not before --to ${to}`, 'The end is not included.');
  const text = (ms: number) => (Number.isFinite(ms) ? timeText(ms) : null);
  return { window: { from: text(sinceMs), to: text(untilMs) }, sinceMs, untilMs };
}

/** Before anything is read. Throws UsageError. */
export async function requireNewFiles(options: PrintOptions): Promise<void> {
  const { out, json, csv, oscal, by } = options;
  if (by !== undefined && !isWord(by, 255))
    throw new UsageError('--by must be 1 to 255 bytes of text without control characters');
  const names = [out, json, csv, oscal].filter((name) => name !== undefined);
  if (new Set(names).size < names.length)
    throw new UsageError('two of --out, --json, --csv and --oscal name the same file');
  for (const name of names) await requireNoFile(name);
}

/** When the command began, by the clock of the machine. */
export const beginReport = (): string => timeText(systemClock.now());

/** Writes the files. Nothing is there unless all of them could be written. */
export async function writeReport<Report extends KnownReport>(
  { io, output }: Session,
  options: PrintOptions,
  found: Omit<Report, 'report' | 'protocol'> & {
    readonly began: string;
    readonly archive: ReportProtocol['archive'];
    readonly exitCode: number;
  },
): Promise<number> {
  const signer = await openSignerOfLong(options, io.env);
  const { began, archive, exitCode, kind, window, verdict, looked, notLooked, chains, data } = found;
  const protocol: ReportProtocol = {
    ...{ by: options.by ?? account().user, account: account() },
    command: ['ledgerstone', ...process.argv.slice(2)],
    program: { name: 'ledgerstone', version: VERSION, build: await buildDigest() },
    ...{ archive, began, ended: timeText(systemClock.now()), exitCode },
  };
  const report = {
    ...{ report: 1, kind, window, verdict, looked, notLooked, protocol, chains, data },
  } as unknown as Report;
  const signed = await signReport(report, signer, nodeSha256);
  const contents: (readonly [string | undefined, () => Uint8Array])[] = [
    [options.out, () => reportPage(report, faceOf(report), signed, nodeSha256)],
    [options.json, () => signed.bytes],
    [options.csv, () => csvOf(report)],
    [options.oscal, () => oscalOf(report)],
  ];
  const files = new NewFiles();
  const names: string[] = [];
  try {
    for (const [name, content] of contents) {
      if (name === undefined) continue;
      await files.write(name, [content()]);
      names.push(name);
    }
    await files.place(names);
  } finally {
    await files.remove();
  }
  await output.line(verdict.sentence);
  output.note(
    `${names.join(', ')}: SHA-256 of the data ${signed.digest}, ${signer === null ? 'not signed' : 'signed'}`,
  );
  return exitCode;
}
