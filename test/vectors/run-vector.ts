// What does the verifier say of a frozen archive?
import { nodeDecompress } from '../../src/base/node/decompress.ts';
import { nodeSha256, nodeSha256Into } from '../../src/base/node/hash.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { parseVkey } from '../../src/format/vkey.ts';
import type { ArchiveReader } from '../../src/verify/archive-reader.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import type { FindingCode, Verdict } from '../../src/verify/finding.ts';
import type { Report } from '../../src/verify/report.ts';
import { verifyArchive } from '../../src/verify/verify.ts';
import type { ArchiveVector } from './archive-vector.ts';

export const runVector = (vector: ArchiveVector, reader: ArchiveReader): Promise<Report> =>
  verifyArchive(reader, {
    trusted: vector.trusted.map((text) => parseVkey(text, nodeSha256)),
    depth: 'content',
    since: vector.since.map(utf8),
    nowMs: Date.parse(vector.now),
    sha256: nodeSha256,
    checker: portableChecker({ sha256: nodeSha256, sha256Into: nodeSha256Into, decompress: nodeDecompress }),
    ...(vector.staleAfterMs === null ? {} : { staleAfterMs: vector.staleAfterMs }),
  });

export const codesOf = ({ findings, chains }: Report): FindingCode[] =>
  [...new Set([...findings, ...chains.flatMap((chain) => chain.findings)].map(({ code }) => code))].sort();

export const chainsOf = ({ chains }: Report): Record<string, Verdict> =>
  Object.fromEntries(chains.map(({ chain, partition, verdict }) => [`${chain}/${partition}`, verdict]));

export const chainVerdicts = async (vector: ArchiveVector, reader: ArchiveReader): Promise<Record<string, Verdict>> =>
  chainsOf(await runVector(vector, reader));
