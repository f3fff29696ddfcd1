// What does a report of `verify --json` say, if it is one? The file comes from anybody.
import { LedgerstoneError } from '../../base/error.ts';
import { isFindingCode, SEVERITY, type Severity, type Verdict } from '../../verify/finding.ts';

/** A finding as the report states it. `severity` is the table's, whatever the file says. */
export type StatedFinding = {
  readonly code: string;
  /** Null: this version does not know the code. */
  readonly severity: Severity | null;
  readonly key: string | null;
  readonly versionId: string | null;
  readonly sequence: number | null;
  readonly expected: string | null;
  readonly found: string | null;
};

export type StatedChain = {
  readonly origin: string;
  readonly chain: string;
  readonly partition: number;
  readonly verdict: Verdict;
  readonly size: number;
  readonly firstOffset: number | null;
  readonly nextOffset: number | null;
  readonly lastSealed: string | null;
  readonly findings: readonly StatedFinding[];
  readonly findingsOmitted: number;
};

export type StatedReport = {
  /** Of the archive, without those that were shown beside it. */
  readonly verdict: Verdict;
  /** Those that were. What was found in them is not among the findings here. */
  readonly beside: readonly { readonly name: string; readonly verdict: Verdict }[];
  readonly depth: string;
  /** What was verified, when and by which version; null in a report that does not say. */
  readonly run: { readonly archive: string; readonly at: string; readonly version: string } | null;
  readonly chains: readonly StatedChain[];
  readonly findings: readonly StatedFinding[];
  readonly findingsOmitted: number;
  readonly bounds: readonly string[];
  /** Up to where a second party attested each chain, in its words. */
  readonly attested: readonly {
    readonly origin: string;
    readonly cosigner: string;
    readonly throughOffset: number | null;
    readonly attestedAt: string | null;
    readonly isFork: boolean;
  }[];
  /** Null: the report says nothing of time-stamps. */
  readonly stamps: StatedStamps | null;
};

/** `why`: it says only why they are not known. */
export type StatedStamps =
  | { readonly why: string }
  | {
      readonly days: number;
      readonly first: string | null;
      readonly last: string | null;
      readonly missing: number;
      /** Of how many days a token holds. Null: no root was given. */
      readonly shown: number | null;
      readonly foreign: number;
    };

/** A report has been read in part only, or not at all: what the program said instead. */
export type FailedReport = { readonly failed: string };

/** The file is no report. */
export class ReportError extends LedgerstoneError {
  constructor(where: string, cause?: unknown) {
    super('usage', `this is no report of \`ledgerstone verify --json\`: ${where}`, {
      disposition: 'input',
      remedy: 'Make one: ledgerstone verify ARCHIVE --key archive.vkey --json > report.json',
      cause,
    });
    this.name = 'ReportError';
  }
}

type Members = Readonly<Record<string, unknown>>;

/** `text`: the whole file. Throws ReportError, with the place, for what is no report. */
export function readReport(text: string): StatedReport | FailedReport {
  const root = members(parsed(text.replace(/^\ufeff/, '')), 'the file');
  const error = root['error'];
  if (error !== undefined && root['chains'] === undefined)
    return { failed: string(members(error, 'error')['message'], 'error.message') };
  const run = root['run'] === undefined ? null : members(root['run'], 'run');
  const beside = root['beside'] === undefined ? null : members(root['beside'], 'beside');
  return {
    verdict:
      beside === null
        ? verdict(root['verdict'], 'verdict')
        : verdict(beside['verdictAlone'], 'beside.verdictAlone'),
    beside: list(beside?.['archives'] ?? [], 'beside.archives', (value, where) => {
      const one = members(value, where);
      const report = members(one['report'], `${where}.report`);
      return {
        name: string(one['name'], `${where}.name`),
        verdict: verdict(report['verdict'], `${where}.report.verdict`),
      };
    }),
    depth: string(root['depth'], 'depth'),
    run: run && {
      archive: string(run['archive'], 'run.archive'),
      at: string(run['at'], 'run.at'),
      version: string(run['version'], 'run.version'),
    },
    chains: list(root['chains'], 'chains', chain),
    findings: list(root['findings'], 'findings', finding),
    findingsOmitted: count(root['findingsOmitted'], 'findingsOmitted'),
    bounds: list(root['bounds'], 'bounds', string),
    attested: list(root['attested'] ?? [], 'attested', (value, where) => {
      const one = members(value, where);
      return {
        origin: string(one['origin'], `${where}.origin`),
        cosigner: string(one['cosigner'], `${where}.cosigner`),
        throughOffset: orNull(count)(one['throughOffset'], `${where}.throughOffset`),
        attestedAt: orNull(string)(one['attestedAt'], `${where}.attestedAt`),
        isFork: one['isFork'] === true,
      };
    }),
    stamps: root['stamps'] === undefined ? null : stamps(members(root['stamps'], 'stamps')),
  };
}

function stamps(one: Members): StatedStamps {
  if (one['why'] !== undefined) return { why: string(one['why'], 'stamps.why') };
  return {
    days: count(one['days'], 'stamps.days'),
    first: orNull(string)(one['first'], 'stamps.first'),
    last: orNull(string)(one['last'], 'stamps.last'),
    missing: count(one['missing'], 'stamps.missing'),
    shown: orNull(count)(one['shown'], 'stamps.shown'),
    foreign: count(one['foreignCount'] ?? 0, 'stamps.foreignCount'),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ReportError('it is no JSON', cause);
  }
}

function chain(value: unknown, where: string): StatedChain {
  const one = members(value, where);
  return {
    origin: string(one['origin'], `${where}.origin`),
    chain: string(one['chain'], `${where}.chain`),
    partition: count(one['partition'], `${where}.partition`),
    verdict: verdict(one['verdict'], `${where}.verdict`),
    size: count(one['size'], `${where}.size`),
    firstOffset: orNull(count)(one['firstOffset'], `${where}.firstOffset`),
    nextOffset: orNull(count)(one['nextOffset'], `${where}.nextOffset`),
    lastSealed: orNull(string)(one['lastSealed'], `${where}.lastSealed`),
    findings: list(one['findings'], `${where}.findings`, finding),
    findingsOmitted: count(one['findingsOmitted'], `${where}.findingsOmitted`),
  };
}

function finding(value: unknown, where: string): StatedFinding {
  const one = members(value, where);
  const code = string(one['code'], `${where}.code`);
  const text = orNull(string);
  return {
    code,
    severity: isFindingCode(code) ? SEVERITY[code] : null,
    key: text(one['key'], `${where}.key`),
    versionId: text(one['versionId'], `${where}.versionId`),
    sequence: orNull(count)(one['sequence'], `${where}.sequence`),
    expected: text(one['expected'], `${where}.expected`),
    found: text(one['found'], `${where}.found`),
  };
}

function members(value: unknown, where: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ReportError(`${where} is no object`);
  return value as Members;
}

function string(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new ReportError(`${where} is no text`);
  return value;
}

function count(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new ReportError(`${where} is no count`);
  return value as number;
}

function verdict(value: unknown, where: string): Verdict {
  if (value === 'verified' || value === 'broken' || value === 'unverifiable') return value;
  throw new ReportError(`${where} is no verdict`);
}

function list<Item>(value: unknown, where: string, item: (value: unknown, where: string) => Item): Item[] {
  if (!Array.isArray(value)) throw new ReportError(`${where} is no list`);
  return value.map((one, index) => item(one, `${where}[${index}]`));
}

const orNull =
  <Item>(of: (value: unknown, where: string) => Item) =>
  (value: unknown, where: string): Item | null =>
    value === null || value === undefined ? null : of(value, where);
