// `ledgerstone explain`: what does a report of `verify --json` mean, in plain words?
import type { Command } from 'commander';
import { toHex, utf8Text } from '../../base/bytes.ts';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { type Explanation, explain, type LookedUp, type LookUp } from '../../evidence/explain/explanation.ts';
import { ReportError, readReport, type StatedReport } from '../../evidence/explain/read-report.ts';
import { explanationText } from '../../evidence/explain/text.ts';
import { isChainName, isPartition } from '../../format/chain.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { readInput } from './bounded-input.ts';
import { EXIT } from './exit-code.ts';
import { type Archive, type ArchiveOptions, openArchive, withArchive } from './open-archive.ts';
import { acting, type Session } from './session.ts';

type ExplainOptions = ArchiveOptions & { readonly json?: boolean };

const HELP = `
Says of a report that \`verify --json\` made what was found, which events and times it
concerns, what still stands, what may lie behind it and what to do; after another verdict
than verified also a draft of a first notice to a regulator, with blanks. Nothing is
verified again. Which events a segment holds stands in its seal: with the archive named,
the seals of the segments concerned are read, and checked with a key. - is standard input.

Exit codes: 0 everything in the report is explained, whatever its verdict; 2 it is no
report; 3 only a part could be explained, or the report holds none of a verification.

Examples:
  ledgerstone explain report.json
  ledgerstone explain report.json s3://acme-audit/prod --key archive.vkey
  ledgerstone verify ./archive --key archive.vkey --json | ledgerstone explain -
`;

export function explainCommand(program: Command, session: Session): void {
  const command = program
    .command('explain')
    .description('A report of `verify --json` in plain words.')
    .argument('<report>', 'file that `verify --json` wrote, or - for standard input');
  withArchive(command)
    .option('--json', 'the same for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (file: string, archive: string | undefined, options: ExplainOptions) =>
        runExplain(session, file, archive, options),
      ),
    );
}

/** A report lists at most some thousand findings a chain. */
const REPORT_BYTES_MAX = 256 * 1024 * 1024;
/** Seals that are read to say which events are concerned. */
const LOOKED_UP_MAX = 200;

async function runExplain(
  { io, output }: Session,
  file: string,
  name: string | undefined,
  options: ExplainOptions,
): Promise<number> {
  const bytes = await readInput(io.stdin, file, REPORT_BYTES_MAX, 'report');
  const report = readReport(textOf(bytes));
  if ('failed' in report) {
    output.note(`the report holds no verdict: the verification ended with an error: ${report.failed}`);
    return EXIT.failed;
  }
  const archive =
    name === undefined && options.config === undefined ? null : await openArchive(name, options, io.env);
  try {
    const lookUp = archive === null ? null : await lookUpAll(archive, report, io.signal);
    const explanation = explain(report, lookUp);
    const digest = toHex(nodeSha256(bytes));
    if (options.json === true) await output.json(explanationJson(explanation, digest));
    else {
      const isChecked = archive === null ? null : archive.trusted.length > 0;
      await output.write(explanationText(explanation, digest, isChecked));
    }
    return explanation.isWhole ? EXIT.ok : EXIT.failed;
  } finally {
    await archive?.store.close();
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8Text(bytes);
  } catch (cause) {
    throw new ReportError('it is no text', cause);
  }
}

/** Reads the seals of the segments that findings name, each once. */
async function lookUpAll(
  { store, trusted }: Archive,
  report: StatedReport,
  signal: AbortSignal,
): Promise<LookUp> {
  const found = new Map<string, LookedUp>();
  const name = (chain: string, partition: number, sequence: number) => `${chain}/${partition}/${sequence}`;
  for (const { chain, partition, findings } of report.chains) {
    if (!isChainName(chain) || !isPartition(partition)) continue;
    const reader = new ChainReader({ store, chain, partition, trusted, signal });
    for (const { sequence } of findings) {
      if (sequence === null || found.has(name(chain, partition, sequence))) continue;
      const isTooMany = found.size >= LOOKED_UP_MAX;
      const looked = isTooMany
        ? { problem: `more than ${LOOKED_UP_MAX} segments are concerned: not looked up` }
        : await spanOf(reader, sequence, signal);
      found.set(name(chain, partition, sequence), looked);
    }
  }
  return ({ chain, partition }, sequence) => found.get(name(chain, partition, sequence)) ?? null;
}

async function spanOf(reader: ChainReader, sequence: number, signal: AbortSignal): Promise<LookedUp> {
  try {
    const { records, time } = (await reader.seal(sequence)).manifest;
    const { firstOffset, nextOffset, count } = records;
    const { first, last, sealed } = time;
    return { span: { firstOffset, nextOffset, records: count, first, last, sealed } };
  } catch (error) {
    signal.throwIfAborted();
    return { problem: messageOf(error) };
  }
}

const explanationJson = ({ report, explained, standing, ...rest }: Explanation, digest: string) => ({
  ...rest,
  reportSha256: digest,
  run: report.run,
  beside: report.beside,
  explained: explained.map(({ places, ...one }) => ({
    ...one,
    places: places.map(({ chain, ...of }) => ({ origin: chain?.origin ?? null, ...of })),
  })),
  standing: standing.map(({ chain, ...said }) => ({ origin: chain.origin, ...said })),
  bounds: report.bounds,
  stamps: report.stamps,
});
