// How do these tests verify an archive?

import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { ArchiveReader } from '../../../src/verify/archive-reader.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import type { Finding, FindingCode } from '../../../src/verify/finding.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import type { Report } from '../../../src/verify/report.ts';
import { type VerifyOptions, verifyArchive } from '../../../src/verify/verify.ts';
import { type ArchiveBuilder, NOW_MS } from '../../support/archive-builder.ts';

/** What the threads use, in this one. */
export const tools = nodeContentTools;

export const verify = (
  reader: ArchiveReader,
  options: Pick<VerifyOptions, 'trusted'> & Partial<VerifyOptions>,
): Promise<Report> =>
  verifyArchive(reader, {
    depth: 'content',
    nowMs: NOW_MS,
    sha256: nodeSha256,
    checker: portableChecker(tools),
    ...options,
  });

/** The builder's archive with the builder's keys. */
export const verifyBuilt = (builder: ArchiveBuilder, options: Partial<VerifyOptions> = {}): Promise<Report> =>
  verify(builder.archive, { trusted: builder.trusted, ...options });

export const allFindings = (report: Report): Finding[] => [
  ...report.findings,
  ...report.chains.flatMap((chain) => chain.findings),
];

/** Each code once, sorted. */
export const codesOf = (report: Report): FindingCode[] =>
  [...new Set(allFindings(report).map(({ code }) => code))].sort();

export const findingsOf = (report: Report, code: FindingCode): Finding[] =>
  allFindings(report).filter((finding) => finding.code === code);
