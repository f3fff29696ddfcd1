// What does a fanned-out pass say in the end, how far it looked, and where is that kept?
import { z } from 'zod';
import { utf8 } from '../../base/bytes.ts';
import { FormatError, LedgerstoneError } from '../../base/error.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import type { DecisionsCompared } from '../../verify/acts/held-to.ts';
import type { Finding, Verdict } from '../../verify/finding.ts';
import type { Report } from '../../verify/report.ts';
import { type OwnBucket, parseNote, putNote, readNote } from '../own-bucket.ts';
import type { FanRun } from './fan-event.ts';
import { fullPassKey } from './fan-keys.ts';

const FORMAT = 'ledgerstone/full-pass/1';
const BYTES_MAX = 32 * 1024 * 1024;
/** Of all chains together. Each is a finding of the ledger too, within the ledger's bounds. */
const FINDINGS_MAX = 1000;

/** FORMAT.md 9.8.13. */
export type FanCoverage = {
  /** That were planned. Each has a result, or there is no report. */
  readonly ranges: number;
  /** Of them, whose chain was gone when they were looked at. */
  readonly gone: number;
  readonly chains: number;
  readonly seals: number;
  readonly dataObjects: number;
  readonly lines: number;
  readonly bytes: number;
  /** When the first range was begun, and the last one done. RFC 3339. Null: there was none. */
  readonly from: string | null;
  readonly to: string | null;
};

export type FanSummary = {
  readonly verdict: Verdict;
  /** Of the report. */
  readonly key: string;
  readonly coverage: FanCoverage;
};

const SCHEMA = z.object({
  format: z.literal(FORMAT),
  run: z.string(),
  startedAt: z.string(),
  verdict: z.enum(['verified', 'unverifiable', 'broken']),
  coverage: z.object({
    ranges: z.int(),
    gone: z.int(),
    chains: z.int(),
    seals: z.int(),
    dataObjects: z.int(),
    lines: z.int(),
    bytes: z.int(),
    from: z.string().nullable(),
    to: z.string().nullable(),
  }),
});

type FanContent = {
  readonly report: Report;
  readonly coverage: FanCoverage;
  readonly decisions: DecisionsCompared | null;
  readonly version: string;
};

/**
 * Locked and signed. A report of this run that is there already stands: an answer was lost, or the step ran
 * twice. Throws `fan-out-blocked` where something else lies in its place.
 */
export async function keepReport(
  bucket: Omit<OwnBucket, 'onForeign'>,
  run: FanRun,
  { report, ...said }: FanContent,
  signal?: AbortSignal,
): Promise<FanSummary> {
  const key = fullPassKey(run);
  const content = { format: FORMAT, run: run.name, startedAt: run.startedAt, ...said, ...saidOf(report) };
  await putNote(bucket, key, utf8(`${JSON.stringify(content)}\n`), signal);
  const there = await oldestVersion(bucket.store, key, signal);
  if (there === null) throw blocked(key, 'nothing, after it was put');
  const read = await readReport(bucket, there, signal);
  if (read.run !== run.name || read.startedAt !== run.startedAt)
    throw blocked(key, 'a report of another run');
  return { verdict: read.verdict, key, coverage: read.coverage };
}

async function readReport(
  { store, signing }: Omit<OwnBucket, 'onForeign'>,
  there: { readonly key: string; readonly versionId: string },
  signal?: AbortSignal,
) {
  try {
    return parseNote(SCHEMA, await readNote(store, signing, there, BYTES_MAX, signal), 'a report');
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw blocked(there.key, error.message);
  }
}

function saidOf({ verdict, findings, findingsOmitted, chains }: Report) {
  let left = FINDINGS_MAX;
  let omitted = findingsOmitted;
  const some = (all: readonly Finding[], more = 0) => {
    const listed = all.slice(0, left);
    left -= listed.length;
    omitted += all.length - listed.length + more;
    return listed;
  };
  const outside = some(findings);
  const ofChains = chains.map((chain) => ({
    ...{ chain: chain.chain, partition: chain.partition, verdict: chain.verdict },
    ...{ size: chain.size, root: chain.root, firstOffset: chain.firstOffset, nextOffset: chain.nextOffset },
    ...{ bytes: chain.bytes, checked: chain.checked },
    ...{ expired: chain.expired, expiredUnread: chain.expiredUnread },
    findings: some(chain.findings, chain.findingsOmitted),
  }));
  return { verdict, findings: outside, chains: ofChains, findingsOmitted: omitted };
}

const blocked = (key: string, found: string) =>
  new LedgerstoneError('fan-out-blocked', `${key} is not the report of this pass: ${found}`, {
    disposition: 'input',
    remedy: 'Find out who else can write to the attestation bucket. Start the pass anew, under another name.',
  });
