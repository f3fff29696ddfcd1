// What would an import archive? Every piece of every file is read, and nothing is written.
import { createHash } from 'node:crypto';
import type { DatingOptions } from './dating.ts';
import { type Dated, datingOf } from './dating.ts';
import { type FileDigest, InputFile } from './input-file.ts';
import { linesIn, type Piece, rowsIn, trailRecordsIn } from './pieces.ts';

export type ImportPlan = DatingOptions & {
  readonly chain: string;
  readonly paths: readonly string[];
  /** Time zone by name: of times without an offset. */
  readonly tz: string;
  readonly provenance: { readonly name: string; readonly sha256: string; readonly text: string };
  readonly recordBytesMax: number;
};

type SurveyedFile = FileDigest & {
  readonly records: number;
  readonly undated: number;
  /** Milliseconds; null: no record is dated. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
};

export type ImportSurvey = {
  /** The same files read in the same way for the same chain have the same: 64 hex digits. */
  readonly id: string;
  readonly files: readonly SurveyedFile[];
  readonly records: number;
  readonly undated: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** The first of them: file, number of the line, and its beginning. */
  readonly undatedAt: readonly { readonly file: string; readonly line: number; readonly text: string }[];
};

const LISTED_MAX = 100;
const TEXT_MAX = 80;

/** The records of one file. `file.digest()` is known when all were taken. */
export async function* datedRecords(
  plan: ImportPlan,
  file: InputFile,
  signal: AbortSignal,
): AsyncGenerator<Dated & { readonly piece: Piece }> {
  const splitting = { path: file.path, recordBytesMax: plan.recordBytesMax };
  const split = plan.format === 'csv' ? rowsIn : plan.format === 'cloudtrail' ? trailRecordsIn : linesIn;
  const date = datingOf(file.path, plan);
  for await (const piece of split(file.chunks(signal), splitting)) {
    const dated = date(piece);
    if (dated !== null) yield { ...dated, piece };
  }
}

/** Throws `import-file`. */
export async function surveyImport(plan: ImportPlan, signal: AbortSignal): Promise<ImportSurvey> {
  const files: SurveyedFile[] = [];
  const undatedAt: { file: string; line: number; text: string }[] = [];
  for (const path of plan.paths) {
    const file = new InputFile(path);
    let [records, undated] = [0, 0];
    let [firstMs, lastMs] = [null as number | null, null as number | null];
    for await (const { timeMs, piece } of datedRecords(plan, file, signal)) {
      records++;
      if (timeMs === null) {
        undated++;
        if (undatedAt.length < LISTED_MAX)
          undatedAt.push({ file: path, line: piece.number, text: beginningOf(piece.bytes) });
        continue;
      }
      firstMs = Math.min(firstMs ?? timeMs, timeMs);
      lastMs = Math.max(lastMs ?? timeMs, timeMs);
    }
    files.push({ ...file.digest(), records, undated, firstMs, lastMs });
  }
  const times = files.flatMap(({ firstMs, lastMs }) => (firstMs === null ? [] : [firstMs, lastMs as number]));
  const sum = (of: (file: SurveyedFile) => number) => files.reduce((all, file) => all + of(file), 0);
  return {
    ...{ id: importId(plan, files), files, undatedAt },
    ...{ records: sum((file) => file.records), undated: sum((file) => file.undated) },
    firstMs: times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b)),
    lastMs: times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b)),
  };
}

const beginningOf = (bytes: Uint8Array): string => {
  const text = Buffer.from(bytes.subarray(0, TEXT_MAX)).toString();
  return bytes.length > TEXT_MAX ? `${text}…` : text;
};

function importId(
  { chain, format, timeField, tz, year, provenance }: ImportPlan,
  files: readonly FileDigest[],
): string {
  const asked = [
    chain,
    format,
    timeField,
    tz,
    year,
    provenance.sha256,
    files.map(({ name, sha256 }) => [name, sha256]),
  ];
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}
