// `ledgerstone index`: how does the verifier's index come to segments that were read before it was asked for?
import type { Command } from 'commander';
import { counted, countText } from '../../base/counted.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { requireFitStore } from '../../clients/open.ts';
import { loadVerifierConfig, type VerifierConfig } from '../../config/verifier.ts';
import { indexChecker } from '../../read/find/index/index-checker.ts';
import type { IndexCounts, SegmentIndexing } from '../../verifier/index/segment-indexing.ts';
import { knownChains } from '../../verifier/known-chains.ts';
import type { Verifier } from '../../verifier/verifier.ts';
import { confirmChain } from '../../verify/confirm.ts';
import { type Finding, type Verdict, verdictOf } from '../../verify/finding.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { closeOlderStores } from '../verifier/older.ts';
import { makeVerifier, openClients } from '../verifier/wiring.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { openLog } from './logger.ts';
import { acting, type Session } from './session.ts';

type IndexCommandOptions = { readonly config: string; readonly json?: boolean };

const HELP = `
With \`index\` in verifier.yaml the verifier writes an index of each segment that it reads,
and its full pass writes those that lack. This reads the whole archive at once: it writes
what lacks, and compares what is there. Nothing is attested, and no finding is opened: the
full pass does both. It needs the verifier's role and key.

Exit codes: 0 each segment that could be read has its index, 1 a chain is broken or an
index says something else than its segment, 2 usage, 3 something could not be read or
written, or was interrupted.

Examples:
  ledgerstone index --config verifier.yaml
`;

export function indexCommand(program: Command, session: Session): void {
  program
    .command('index')
    .description("The verifier's index for searches, made anew from the archive.")
    .requiredOption('--config <file>', 'verifier.yaml, with `index`')
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (options: IndexCommandOptions) => runIndex(session, options)));
}

/** What came of one chain. */
type Indexed = ChainInArchive & {
  readonly verdict: Verdict;
  /** Segments of which the seal was read. */
  readonly segments: number;
  readonly indexes: IndexCounts;
  readonly findings: readonly Finding[];
};

async function runIndex(session: Session, options: IndexCommandOptions): Promise<number> {
  const { io, output } = session;
  session.json = options.json === true;
  const config = await loadVerifierConfig(options.config, io.env);
  if (config.index === null) {
    throw new UsageError(
      `${options.config} asks for no index`,
      'Say what to index: index: { fields: { orders: { actor: /userIdentity/arn } } }',
    );
  }
  await requireFitStore(config.attestations.store, io.signal);
  const clients = await openClients(config);
  const indexer = indexChecker();
  try {
    const { log } = await openLog(io, config.log.level, session.json);
    const verifier = makeVerifier(config, clients, { checker: indexer, indexer, log });
    const chains: Indexed[] = [];
    for (const place of await knownChains(verifier, io.signal)) {
      const indexed = await indexChain(config, verifier, place, io.signal);
      chains.push(indexed);
      if (!session.json) await output.write(chainText(indexed));
    }
    if (session.json) await output.json({ chains });
    else if (chains.length === 0) await output.write('no chain is there\n');
    return exitCodeOf(chains);
  } finally {
    await indexer.close();
    await Promise.all([clients.archive.close(), clients.own.close(), clients.trailFiles?.close()]);
    await closeOlderStores(clients.older);
  }
}

async function indexChain(
  { archive: { trusted } }: VerifierConfig,
  { step }: Verifier,
  place: ChainInArchive,
  signal: AbortSignal,
): Promise<Indexed> {
  const visitor = (step.indexing as SegmentIndexing).begin(place, true, signal);
  const walked = confirmChain(step.archive, place, {
    ...{ trusted, depth: 'content', nowMs: step.clock.now(), sha256: nodeSha256, checker: step.checker },
    ...{ confirmed: null, visitor, signal, ...(step.shown && { shown: step.shown }) },
  });
  const confirmation = await walked.finally(() => visitor.finish());
  const ofIndexes = await visitor.finish();
  const { findings = [], verdict = 'unverifiable' } = confirmation?.report ?? {};
  const segments = confirmation?.report.size ?? 0;
  return { ...place, verdict, segments, indexes: visitor.counts, findings: [...findings, ...ofIndexes] };
}

function chainText({ chain, partition, verdict, segments, indexes, findings }: Indexed): string {
  const { written, there, failed } = indexes;
  const lines = [
    [
      `${chain}/${partition}  ${verdict}  ${counted(segments, 'segment')}: ${counted(written, 'index', 'indexes')}`,
      `written, ${countText(there)} there and right, ${countText(failed)} failed`,
    ].join(' '),
    ...findings
      .filter(({ severity }) => severity !== 'info')
      .map(({ code, key, found }) => `  ${code}: ${[key, found].filter((one) => one !== null).join(': ')}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function exitCodeOf(chains: readonly Indexed[]): number {
  const findings = chains.flatMap((chain) => chain.findings);
  if (verdictOf(findings) === 'broken' || findings.some(({ code }) => code === 'index-mismatch')) {
    return EXIT.broken;
  }
  const isWhole = chains.every(({ verdict, indexes }) => verdict === 'verified' && indexes.failed === 0);
  return isWhole && chains.length > 0 ? EXIT.ok : EXIT.failed;
}
