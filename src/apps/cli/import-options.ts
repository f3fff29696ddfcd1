// Which files are to be imported, read in which way, and by whose word do they come?
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { toHex, utf8Text } from '../../base/bytes.ts';
import { messageOf } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import type { Config } from '../../config/archiver.ts';
import { IMPORT_PREFIX, isChainName } from '../../format/chain.ts';
import type { ImportFormat } from '../../import/dating.ts';
import type { ImportPlan, ImportSurvey } from '../../import/survey.ts';
import { type TrailVerdict, trailKeys, trailVerdict } from '../../import/trail-digests.ts';
import { wallClock } from '../../import/zone.ts';
import { UsageError } from './exit-code.ts';
import { requireZone } from './time-option.ts';

export type ImportOptions = {
  readonly config: string;
  readonly topic: string;
  readonly format: ImportFormat;
  readonly timeField?: string;
  readonly tz: string;
  readonly year?: number;
  readonly provenance: string;
  readonly retention?: string;
  readonly digest?: readonly string[];
  readonly trailKeys?: string;
  readonly dryRun?: boolean;
  readonly confirm?: string;
  readonly again?: boolean;
  readonly by: string;
  readonly reason: string;
  readonly reference?: string;
  readonly json?: boolean;
};

const PROVENANCE_BYTES_MAX = MIB / 4;
const DIGEST_BYTES_MAX = 16 * MIB;
/** An abbreviation of the id that nobody confirms by chance. */
const CONFIRM_DIGITS = 8;
const DEFAULT_FIELDS = { cloudtrail: '/eventTime', qldb: '/blockTimestamp', syslog: 'none' } as const;

export async function importPlanOf(paths: readonly string[], options: ImportOptions): Promise<ImportPlan> {
  const { format, topic, tz, year = null } = options;
  const chain = `${IMPORT_PREFIX}${topic}`;
  if (!isChainName(chain))
    throw new UsageError(`--topic ${topic} is no name of a chain`, 'Use letters, digits, ., _ and -.');
  const timeField = options.timeField ?? (DEFAULT_FIELDS as Partial<Record<string, string>>)[format];
  if (timeField === undefined) throw new UsageError(`--format ${format} needs --time-field`);
  requireZone(tz);
  if (new Set(paths).size !== paths.length) throw new UsageError('a file is named twice');
  const bytes = await bounded(options.provenance, PROVENANCE_BYTES_MAX);
  let text: string;
  try {
    text = utf8Text(bytes);
  } catch {
    throw new UsageError(`${options.provenance} is no text in UTF-8`);
  }
  if (text.trim() === '')
    throw new UsageError(
      `${options.provenance} says nothing`,
      'Say where the files come from, and who kept them.',
    );
  const provenance = { name: basename(options.provenance), sha256: toHex(nodeSha256(bytes)), text };
  return {
    ...{ format, timeField, clock: wallClock(tz), year, chain, paths, tz, provenance },
    recordBytesMax: MIB,
  };
}

async function bounded(path: string, most: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UsageError(`can't read ${path}: ${messageOf(error)}`);
  }
  if (bytes.length <= most) return bytes;
  throw new UsageError(`${path} has more than ${most} bytes`);
}

export function policyOf({ retention }: Config, name: string | undefined): string {
  const names = Object.keys(retention).filter((one) => one !== 'seals');
  if (name !== undefined && Object.hasOwn(retention, name)) return name;
  if (name === undefined && names.length === 1) return names[0] as string;
  throw new UsageError(
    name === undefined ? 'there is more than one policy' : `there is no policy ${name}`,
    `Give --retention with one of ${names.join(', ')}.`,
  );
}

export function requireConfirmed(confirm: string | undefined, { id }: ImportSurvey): void {
  const isGiven = confirm !== undefined && confirm.length >= CONFIRM_DIGITS && id.startsWith(confirm);
  if (isGiven) return;
  throw new UsageError(
    confirm === undefined
      ? 'nobody has looked at what this would archive'
      : '--confirm is of other files, or of files that were read in another way',
    'Run it with --dry-run, look at what it says, and give --confirm what it prints.',
  );
}

export async function trailOf(
  { digest = [], trailKeys: file, format }: ImportOptions,
  { files }: ImportSurvey,
): Promise<TrailVerdict | null> {
  if (digest.length === 0 && file === undefined) return null;
  if (format !== 'cloudtrail') throw new UsageError('--digest and --trail-keys are for --format cloudtrail');
  if (digest.length === 0 || file === undefined)
    throw new UsageError('digests are checked with keys', 'Give both --digest and --trail-keys.');
  const keys = keysOf(file, await bounded(file, MIB));
  const given = await Promise.all(
    digest.map(async (path) => {
      const stored = await bounded(path, DIGEST_BYTES_MAX);
      const signature = await readFile(`${path}.sig`, 'utf8').catch(() => null);
      return { name: basename(path), content: unpacked(path, stored), signature: signature?.trim() ?? null };
    }),
  );
  return trailVerdict(given, keys, files);
}

function keysOf(file: string, bytes: Uint8Array) {
  try {
    return trailKeys(utf8Text(bytes));
  } catch {
    throw new UsageError(`${file} is not what \`aws cloudtrail list-public-keys\` prints`);
  }
}

function unpacked(path: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: DIGEST_BYTES_MAX });
  } catch (error) {
    throw new UsageError(`can't unpack ${path}: ${messageOf(error)}`);
  }
}
