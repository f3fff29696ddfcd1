// How are the events of some offsets read, proven and written into a package?
import { readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { systemClock } from '../../base/clock.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { VERSION } from '../../base/version.ts';
import type { FixedFiles, PartLimits } from '../../evidence/builder.ts';
import type { PackageSigner } from '../../evidence/package.ts';
import { type Offsets, offsetsSentence, RECORDED } from '../../evidence/protocol.ts';
import type { ChainSummary } from '../../evidence/summary.ts';
import { encodeSignedCheckpoint, parseSignedCheckpoint } from '../../format/note.ts';
import { timeText } from '../../format/time.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { chainEnd, successorOf } from '../../read/chain-end.ts';
import type { ChainReader } from '../../read/chain-reader.ts';
import { BehindChainError, UntrustedSealError } from '../../read/errors.ts';
import { locateOffset } from '../../read/locate.ts';
import { provenRange } from '../../read/proven-range.ts';
import { checkSignatures, sameKey, trustedFor } from '../../verify/trust.ts';
import { type Attestations, readCosigners } from './attestations-option.ts';
import { attestedNote } from './attested-note.ts';
import { buildDigest } from './build-digest.ts';
import { NotYetError } from './exit-code.ts';
import { PackageParts } from './export-parts.ts';

export type ExportJob = {
  /** With trusted keys. */
  readonly reader: ChainReader;
  readonly attestations: Attestations | null;
  /** Keys of cosigners as the command line names them. */
  readonly cosigners: readonly string[];
  readonly asked: readonly Offsets[];
  readonly signer: PackageSigner | null;
  readonly signal: AbortSignal;
  readonly out: string;
  readonly caseName: string;
  readonly purpose: string;
  readonly by: string;
  readonly archiveName: string;
  readonly partMax?: PartLimits;
};

export type Exported = {
  /** Of the packages, in their order. */
  readonly names: readonly string[];
  readonly events: number;
  readonly gapLines: number;
  /** The keys of the log that signed the checkpoint. */
  readonly log: readonly VerifierKey[];
};

/** Throws NotYetError, VerifyError and the errors of reading and writing. Then no package is there. */
export async function exportOffsets(job: ExportJob): Promise<Exported> {
  const { reader, asked, attestations, signal } = job;
  const began = timeText(systemClock.now());
  const target = await findTarget(job);
  const run = { job, began, log: target.log, build: await buildDigest() };
  const at = { chain: reader.chain, partition: reader.partition, checkpoint: target.note };
  const segments = new Set<number>();
  let from = asked[0]!.from;
  const parts = new PackageParts({
    ...{ out: job.out, caseName: job.caseName, at, signer: job.signer, log: target.log },
    cosigners: attestations === null ? [] : await readCosigners(job.cosigners),
    fixed: await fixedFiles(),
    ...(job.partMax !== undefined && { partMax: job.partMax }),
    documents: (summaries, last) => {
      const until = last ? asked.at(-1)!.to : (summaries[0]?.lastOffset ?? from);
      const here = rangesWithin(asked, from, until);
      from = until + 1;
      const { chain, partition } = at;
      const about = { chain, partition, asked, here, segmentsRead: segments.size };
      segments.clear();
      const lines = summaries.reduce((sum, { events, gapLines }) => sum + events + gapLines, 0);
      const statement = { kind: 'offsets' as const, ...about, lines, statement: offsetsSentence(about) };
      return { statement, protocol: protocolOf(run, summaries) };
    },
  });
  let [events, gapLines, next] = [0, 0, 0];
  try {
    for (const range of asked) {
      const wanted = { from: range.from, to: range.to + 1 };
      for await (const line of provenRange(reader, wanted, target.note, target.headSequence)) {
        signal.throwIfAborted();
        // A gap line may cover two of the ranges.
        if (line.offset < next) continue;
        next = line.nextOffset;
        await parts.add({ line: line.line, proof: line.proof, archivedAt: line.sealed });
        segments.add(line.sequence);
        if (line.isGap) gapLines++;
        else events++;
      }
    }
    return { names: await parts.finish(), events, gapLines, log: target.log };
  } finally {
    await parts.remove();
  }
}

/** What of the ranges lies between two offsets, ends included. */
function rangesWithin(ranges: readonly Offsets[], from: number, to: number): Offsets[] {
  return ranges
    .map((range) => ({ from: Math.max(range.from, from), to: Math.min(range.to, to) }))
    .filter((range) => range.from <= range.to);
}

type Target = {
  /** The signed checkpoint to which all proofs lead. */
  readonly note: Uint8Array;
  readonly headSequence: number;
  readonly log: readonly VerifierKey[];
};

/** The newest checkpoint, or one that a cosigner has signed. It must cover all that is asked for. */
async function findTarget({ reader, asked, attestations, signal }: ExportJob): Promise<Target> {
  const { sequence: headSequence, beyond } = await chainEnd(reader);
  const head = await reader.seal(headSequence);
  const last = asked.at(-1)!.to;
  const { nextOffset } = head.manifest.records;
  if (last >= nextOffset) {
    if (beyond !== null) throw beyond;
    const next = await successorOf(reader, head);
    if (next !== null) throw new BehindChainError(last, next);
    const known = `The next offset to be sealed is ${nextOffset}.`;
    throw new NotYetError('not-sealed-yet', `offset ${last} is not sealed yet`, known, 'Ask again later.');
  }
  const { text, signatures } = head.seal.signed;
  let note = encodeSignedCheckpoint(text, signatures);
  if (attestations !== null) {
    const source = {
      headSequence,
      dataSizes: await reader.dataSizes(),
      manifest: async (sequence: number) => (await reader.seal(sequence)).manifest,
    };
    const located = await locateOffset(source, last);
    note = (await attestedNote(attestations, reader, located?.sequence ?? headSequence, signal)).note;
  }
  return { note, headSequence, log: await signersOfNote(reader, note) };
}

/** The trusted keys that signed it, as they are trusted. Throws UntrustedSealError where none did. */
async function signersOfNote(reader: ChainReader, note: Uint8Array): Promise<readonly VerifierKey[]> {
  const signed = parseSignedCheckpoint(note);
  const { trusted } = reader.options;
  const keys = trustedFor(trusted, signed.checkpoint.origin, nodeSha256);
  const { signedBy } = await checkSignatures(signed, [], keys);
  const log = trusted.filter(({ key }) => [...signedBy].some((by) => sameKey(by.key, key)));
  if (log.length > 0) return log;
  const found = 'none of them under the checkpoint';
  throw new UntrustedSealError({ code: 'unknown-key', expected: 'a signature of a trusted key', found });
}

type Run = {
  readonly job: ExportJob;
  readonly began: string;
  readonly build: string;
  readonly log: readonly VerifierKey[];
};

function protocolOf({ job, began, build, log }: Run, summaries: readonly ChainSummary[]) {
  const { caseName, purpose, by, archiveName } = job;
  return {
    ...{ case: caseName, purpose, by, account: account() },
    command: ['ledgerstone', ...process.argv.slice(2)],
    program: { name: 'ledgerstone', version: VERSION, build },
    archive: { name: archiveName, origin: log[0]!.name },
    ...{ began, ended: timeText(systemClock.now()) },
    events: summaries.reduce((sum, { events }) => sum + events, 0),
    ...{ chains: summaries, exitCode: 0 as const, recorded: RECORDED },
  };
}

function account(): { user: string; machine: string } {
  try {
    return { user: userInfo().username, machine: hostname() };
  } catch {
    // An account without an entry in the system's list, as in some containers.
    return { user: 'not known', machine: hostname() };
  }
}

const IS_CHECKOUT = import.meta.url.endsWith('.ts');
const beside = (built: string, source: string): URL => new URL(IS_CHECKOUT ? source : built, import.meta.url);

/** A build copies them next to its output. */
async function fixedFiles(): Promise<FixedFiles> {
  const [specification, script, page] = await Promise.all([
    readFile(beside('./FORMAT.md', '../../format/FORMAT.md')),
    readFile(beside('./verify.sh', '../../evidence/verify.sh')),
    IS_CHECKOUT
      ? import('./page-build.ts').then(({ buildPage }) => buildPage())
      : readFile(new URL('./open-me.html', import.meta.url)),
  ]);
  return { specification, script, page };
}
