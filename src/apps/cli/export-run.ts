// What do all exports share: the job, the protocol, the keys of a checkpoint, the files of a version?
import { readFile } from 'node:fs/promises';
import { systemClock } from '../../base/clock.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { VERSION } from '../../base/version.ts';
import type { FixedFiles, PartLimits } from '../../evidence/builder.ts';
import { wordsOf } from '../../evidence/draw.ts';
import type { OwnTimeFields } from '../../evidence/own-time.ts';
import type { PackageSigner } from '../../evidence/package.ts';
import type { Protocol } from '../../evidence/protocol.ts';
import type { ChainSummary } from '../../evidence/summary.ts';
import { parseChainOrigin } from '../../format/chain.ts';
import { encodeSignedCheckpoint, parseSignedCheckpoint } from '../../format/note.ts';
import { TIME_FIELD, targetText } from '../../format/target.ts';
import { timeText } from '../../format/time.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { ChainReader, LocatedSeal } from '../../read/chain-reader.ts';
import { UntrustedSealError } from '../../read/errors.ts';
import type { Query } from '../../read/find/query.ts';
import type { HeldCertificate } from '../../timestamp/certificates.ts';
import { checkSignatures, sameKey, trustedFor } from '../../verify/trust.ts';
import { account } from './account.ts';
import { type Attestations, readCosigners } from './attestations-option.ts';
import { attestedNote } from './attested-note.ts';
import { buildDigest } from './build-digest.ts';
import { type MadePackage, PackageParts, type PartDocuments, type PartsOptions } from './export-parts.ts';

export type ExportJob = {
  readonly attestations: Attestations | null;
  /** Proofs lead to checkpoints that one of these authorities has stamped (none: any). Null: to any. */
  readonly stamping: { readonly roots: readonly HeldCertificate[] } | null;
  /** Keys of cosigners as the command line names them. */
  readonly cosigners: readonly string[];
  readonly signer: PackageSigner | null;
  readonly signal: AbortSignal;
  readonly out: string;
  readonly caseName: string;
  readonly purpose: string;
  readonly by: string;
  readonly archiveName: string;
  /** Where else the handing over is recorded. */
  readonly recorded: Protocol['recorded'];
  readonly partMax?: PartLimits;
  /** Short names of a chain's fields: the package says where the events' own time stands. */
  readonly fieldsOf?: Query['fieldsOf'];
};

export type Exported = {
  /** In their order. */
  readonly packages: readonly MadePackage[];
  readonly events: number;
  readonly gapLines: number;
  /** What was searched, with its bounds, in one sentence. Null: offsets were asked for. */
  readonly conclusion: string | null;
  /** Checkpoints whose time-stamp is in the package. */
  readonly stamps: number;
  /** The keys of the log that signed the checkpoints. */
  readonly log: readonly VerifierKey[];
};

/** Parts in which nothing is yet. `log`: the keys of the log that signed the checkpoints of all chains. */
export async function newParts(
  job: ExportJob,
  log: readonly VerifierKey[],
  statement: (summaries: readonly ChainSummary[], last: boolean) => PartDocuments['statement'],
  { seedNote, ownTime }: Pick<PartsOptions, 'seedNote' | 'ownTime'>,
): Promise<PackageParts> {
  const run = { job, began: timeText(systemClock.now()), build: await buildDigest(), log };
  return new PackageParts({
    ...{ out: job.out, caseName: job.caseName, signer: job.signer, log, seedNote, ownTime },
    cosigners: job.attestations === null ? [] : await readCosigners(job.cosigners),
    fixed: await fixedFiles(),
    ...(job.partMax !== undefined && { partMax: job.partMax }),
    documents: (summaries, last) => {
      const said = statement(summaries, last);
      const sample = said.kind === 'sample' ? { sample: wordsOf(said.sample) } : {};
      return { statement: said, protocol: { ...protocolOf(run, summaries), ...sample } };
    },
  });
}

/**
 * An attested checkpoint that covers the segment: the newest, or the first that was stamped. Throws
 * NotYetError.
 */
export async function attestedFor(
  { stamping, signal }: Pick<ExportJob, 'stamping' | 'signal'>,
  attestations: Attestations,
  reader: ChainReader,
  sequence: number,
): Promise<{ readonly note: Uint8Array; readonly stamp: Uint8Array | null }> {
  if (stamping === null) {
    const { note } = await attestedNote(attestations, reader, sequence, signal);
    return { note, stamp: null };
  }
  const { stampedNote } = await import('./stamped-note.ts');
  return stampedNote(attestations, reader, await reader.seal(sequence), stamping.roots, signal);
}

export const noteOf = ({ seal: { signed } }: LocatedSeal): Uint8Array =>
  encodeSignedCheckpoint(signed.text, signed.signatures);

/** The trusted keys that signed it, as they are trusted. Throws UntrustedSealError where none did. */
export async function signersOfNote(reader: ChainReader, note: Uint8Array): Promise<readonly VerifierKey[]> {
  const signed = parseSignedCheckpoint(note);
  const { trusted } = reader.options;
  const keys = trustedFor(trusted, signed.checkpoint.origin, nodeSha256);
  const { signedBy } = await checkSignatures(signed, [], keys);
  const log = trusted.filter(({ key }) => [...signedBy].some((by) => sameKey(by.key, key)));
  if (log.length > 0) return log;
  const found = 'none of them under the checkpoint';
  throw new UntrustedSealError({ code: 'unknown-key', expected: 'a signature of a trusted key', found });
}

/** For the statement of a package and its table. `seals`: one of each chain. */
export function ownTimeOf(
  { fieldsOf = () => null }: Pick<ExportJob, 'fieldsOf'>,
  seals: readonly LocatedSeal[],
): OwnTimeFields {
  const ownTime = new Map<string, readonly string[]>();
  for (const { manifest } of seals) {
    const { chain } = parseChainOrigin(manifest.origin);
    const topic = manifest.source.kind === 'kafka' ? manifest.source.topic : null;
    const fields = fieldsOf({ chain, topic })?.[TIME_FIELD] ?? [];
    if (fields.length > 0) ownTime.set(chain, fields.map(targetText));
  }
  return [...ownTime].map(([chain, fields]) => ({ chain, fields }));
}

/** Word by word. */
export const commandLine = (): string[] => ['ledgerstone', ...process.argv.slice(2)];

type Run = {
  readonly job: ExportJob;
  readonly began: string;
  readonly build: string;
  readonly log: readonly VerifierKey[];
};

function protocolOf({ job, began, build, log }: Run, summaries: readonly ChainSummary[]): Protocol {
  const { caseName, purpose, by, archiveName } = job;
  return {
    ...{ case: caseName, purpose, by, account: account() },
    command: commandLine(),
    program: { name: 'ledgerstone', version: VERSION, build },
    archive: { name: archiveName, origin: log[0]!.name },
    ...{ began, ended: timeText(systemClock.now()) },
    events: summaries.reduce((sum, { events }) => sum + events, 0),
    ...{ chains: summaries, exitCode: 0 as const, recorded: job.recorded },
  };
}

const IS_CHECKOUT = import.meta.url.endsWith('.ts');
const beside = (built: string, source: string): URL => new URL(IS_CHECKOUT ? source : built, import.meta.url);

let fixed: Promise<FixedFiles> | undefined;

/** Read once. A build copies them next to its output. */
function fixedFiles(): Promise<FixedFiles> {
  fixed ??= readFixedFiles();
  return fixed;
}

async function readFixedFiles(): Promise<FixedFiles> {
  const [specification, script, page] = await Promise.all([
    readFile(beside('./FORMAT.md', '../../format/FORMAT.md')),
    readFile(beside('./verify.sh', '../../evidence/verify.sh')),
    IS_CHECKOUT
      ? import('./page-build.ts').then(({ buildPage }) => buildPage())
      : readFile(new URL('./open-me.html', import.meta.url)),
  ]);
  return { specification, script, page };
}
