// `ledgerstone verify`: is this archive what was sealed, and was it kept as promised?

import { type Command, Option } from 'commander';
import { utf8 } from '../../base/bytes.ts';
import { counted } from '../../base/counted.ts';
import { messageOf } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import { VERSION } from '../../base/version.ts';
import { periodOf } from '../../config/units.ts';
import type { ChainReport } from '../../verify/report.ts';
import type { Depth } from '../../verify/run.ts';
import {
  type ArchiveAndAttestations,
  type AttestationOptions,
  type AttestationSurvey,
  attestationText,
  foreignObjectsText,
  openWithAttestations,
  withAttestations,
} from './attestations-option.ts';
import { readCheckpoints, requireComparable } from './checkpoint-file.ts';
import { decisionsText } from './decisions-look.ts';
import { EXIT, exitCodeOfVerdict, UsageError } from './exit-code.ts';
import { type ConfirmedChainText, judgeArchive } from './judge-archive.ts';
import { type Kept, keptText, readKept, writeKept } from './kept-checkpoints.ts';
import { type OlderOptions, withOlder } from './older-option.ts';
import { type ArchiveOptions, repeatable, withArchive } from './open-archive.ts';
import { lockPeriod } from './period-option.ts';
import { reportJson, reportText } from './report-text.ts';
import { acting, type Session } from './session.ts';
import { readTsaRoots } from './stamp-check.ts';
import { boundsOf, type Given, statedText, totalsOf } from './verdict-bounds.ts';
import {
  askedShard,
  readShards,
  runShard,
  type ShardOptions,
  shardRun,
  withShards,
} from './verify-shards.ts';
import type { StoreReport } from './verify-store.ts';

type VerifyCommandOptions = ArchiveOptions &
  AttestationOptions &
  OlderOptions &
  ShardOptions & {
    readonly depth: Depth;
    readonly since?: readonly string[];
    readonly keep?: string;
    readonly checkpoints?: boolean;
    readonly strict?: boolean;
    readonly leastLock?: string;
    readonly asCopy?: boolean;
    readonly tsaRoot?: readonly string[];
    readonly json?: boolean;
  };

const HELP = `
Gives a verdict for each chain and for the whole archive: verified, broken or
unverifiable. It goes on after a finding. It lists versions, so deletes and overwrites
show. Without a trusted key it never says verified. An archive alone can't show that its
newest segments were cut off. Keep checkpoints (--checkpoints) and give them later with
--since, or let each run compare with those of the last one and keep its own (--keep; the
file need not exist yet), or name the store where an independent verifier attests. Each
object is locked as long as its seal promises: with --least-lock a seal that promises
less is \`retention-short\` (a day less, or a tenth of a short period, is not). Below the
verdict stand its bounds: what is archived, what is lost, what was not read and what is
not ruled out.

Chains that continue another owner's archive are \`unreadable\` until that one is shown:
--older names it, and --older-key behind it the keys that vouch for it alone. It is
verified too, by what it promised itself; the exit code is for all of them.

Beside attestations may lie time-stamps of each day (RFC 3161). With --tsa-root each is
read and checked; without it their days are listed and nothing is said of their time.

An archive that is too large for one machine is verified in shards. Each of n runs has
every n-th range of segments (--shard 2/8 --out shard-2.json), and one joins them
(--merge shard-1.json --merge shard-2.json …). It compares the ends of neighbouring ranges
and checks itself what no shard had: what lies outside of the chains, and what came later.
A file of a shard is believed: sign it (--sign-key), and name the key (--signer).

Exit codes: 0 verified; 1 broken (with --strict also: records are lost); 2 usage, also if
what is to be compared with holds nothing to compare; 3 could not be checked, or a chain
has no attestation, or a stamp is not shown by the given --tsa-root.

Examples:
  ledgerstone verify ./archive --key archive.vkey
  ledgerstone verify s3://acme-audit/prod --key archive.vkey --depth seals --least-lock 7y
  ledgerstone verify ./archive --key archive.vkey --checkpoints > today.checkpoints
  ledgerstone verify ./archive --key archive.vkey --since today.checkpoints --json
  ledgerstone verify s3://acme-audit/prod --key archive.vkey --keep acme.checkpoints
  ledgerstone verify s3://acme-audit/prod --key archive.vkey
      --attestations s3://acme-attestations --cosigner verifier.vkey
  ledgerstone verify s3://acme-audit/prod --key archive.vkey
      --older s3://sold-audit/prod --older-key sold.vkey
`;

export function verifyCommand(program: Command, session: Session): void {
  const command = program.command('verify').description('Chains, signatures, locks and every stored byte.');
  withShards(withOlder(withAttestations(withArchive(command))))
    .addOption(
      new Option('--depth <depth>', 'seals: no data is read; content: every stored byte')
        .choices(['seals', 'content'])
        .default('content'),
    )
    .option('--since <checkpoint>', 'file of earlier signed checkpoints; repeatable', repeatable)
    .option('--keep <file>', 'compare with the checkpoints there, and keep the verified ones of now there')
    .option('--checkpoints', 'print the verified checkpoints: what --since takes later')
    .option('--strict', 'exit code 1 also if records are lost: gaps that are expired or accepted')
    .option(
      '--least-lock <period>',
      'no seal may promise a shorter lock: such as 90d, 18mo or 7y',
      lockPeriod,
    )
    .option('--as-copy', 'a copy of an archive, in a bucket or elsewhere: its locks are not looked at')
    .option(
      '--tsa-root <file>',
      'a time-stamping authority that counts: its root in PEM; repeatable',
      repeatable,
    )
    .option('--json', 'the report for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: VerifyCommandOptions) =>
        runVerify(session, name, options),
      ),
    );
}

async function runVerify(
  session: Session,
  name: string | undefined,
  options: VerifyCommandOptions,
): Promise<number> {
  session.verdictOnError = true;
  const asked = askedShard(options);
  if (asked !== null) return runShard(session, name, { ...options, ...asked });
  const kept = options.keep === undefined ? null : await readKept(session.io, options.keep);
  const since = [
    ...(await Promise.all((options.since ?? []).map((file) => readCheckpoints(session.io, file)))).flat(),
    ...(kept?.notes ?? []),
  ];
  requireComparable(since, [...(options.since ?? []), ...(options.keep === undefined ? [] : [options.keep])]);
  const { io, output } = session;
  const startedMs = Date.now();
  const roots = await tsaRootsOf(io, options);
  const opened = await openWithAttestations(name, options, io.env);
  const { archive } = opened;
  try {
    const run = shardRun(options, archive.trusted);
    const merged =
      options.merge === undefined ? null : await readShards(io, options, run, archive.store.description);
    const given: Given = { leastLock: options.leastLock ?? null, shards: merged?.bound ?? null };
    const { report, survey, confirmations, unattested } = await judgeArchive(io, opened, {
      ...{ depth: options.depth, since, nowMs: startedMs, asCopy: options.asCopy === true },
      shards: merged?.chains ?? null,
      leastLock: options.leastLock === undefined ? null : periodOf(options.leastLock),
    });
    const stamps = await stampsOf(io, opened, survey, roots);
    const keeping = kept === null ? null : await keepVerified(kept, report);
    if (options.json === true) {
      const said = survey === null ? {} : { attested: confirmations, unattested, foreign: survey.foreign };
      const keep = keeping === null ? {} : { keep: keeping.said };
      const shards = merged === null ? {} : { shards: merged.said };
      const run = {
        archive: archive.store.description,
        at: new Date(startedMs).toISOString(),
        version: VERSION,
      };
      await output.json({ ...reportJson(report, given), run, ...said, ...stamps?.json, ...keep, ...shards });
    } else if (options.checkpoints === true) await output.exact(utf8(checkpointsOf(report).join('\n')));
    else {
      await output.write(reportText(report, archive.store.description, output, given));
      if (survey !== null) await output.write(attestedText(confirmations, unattested, survey));
      if (stamps !== null) await output.write(stamps.text);
    }
    if (options.checkpoints === true) output.note(verdictNote(report, given));
    if (keeping !== null) output.note(keeping.text);
    // What was asked for was not done, whatever the verdict is.
    if (keeping?.isFailed) return EXIT.failed;
    if (report.verdict !== 'verified') return exitCodeOfVerdict(report.verdict);
    const { lost } = totalsOf(chainsOf(report));
    if (options.strict === true && lost > 0) {
      output.note(`--strict: ${counted(lost, 'record')} lost, so the exit code is 1`);
      return EXIT.broken;
    }
    if (unattested.length > 0)
      output.note(
        `--attestations: ${counted(unattested.length, 'chain')} without any, so the exit code is 3`,
      );
    if (stamps?.isShown === false)
      output.note('--tsa-root: not each stamp is shown by it, so the exit code is 3');
    return unattested.length === 0 && stamps?.isShown !== false ? EXIT.ok : EXIT.failed;
  } finally {
    await opened.close();
  }
}

/** Known before hours of reading. Throws UsageError. */
function tsaRootsOf(io: Session['io'], { tsaRoot = [], attestations }: VerifyCommandOptions) {
  if (tsaRoot.length > 0 && attestations === undefined)
    throw new UsageError('--tsa-root is for stamps, beside attestations', 'Add --attestations STORE.');
  return readTsaRoots(io, tsaRoot);
}

/** Null: no attestations were asked for. */
async function stampsOf(
  io: Session['io'],
  { attestations }: Pick<ArchiveAndAttestations, 'attestations'>,
  survey: AttestationSurvey | null,
  roots: Awaited<ReturnType<typeof readTsaRoots>>,
) {
  if (attestations === null || survey === null) return null;
  // What reads tokens takes a while to load.
  const { isStampShown, stampsText, surveyStamps } = await import('./stamps-survey.ts');
  const stamps = await surveyStamps(attestations, survey, roots, io.signal);
  return {
    ...{ isShown: isStampShown(stamps, roots), text: stampsText(stamps, roots) },
    json: { stamps: typeof stamps === 'string' ? { why: stamps } : stamps },
  };
}

/** Writes nothing but after a verdict of verified. A failure is said after the report. */
async function keepVerified(kept: Kept, report: StoreReport) {
  const said = { file: kept.file, isFirst: kept.bytes === null, compared: kept.compared };
  const isVerified = report.verdict === 'verified';
  try {
    const outcome = isVerified ? await writeKept(kept, checkpointsOf(report)) : null;
    const text = keptText(kept, outcome);
    return { isFailed: false, text, said: { ...said, outcome: outcome ?? 'not-verified' } };
  } catch (error) {
    const text = `not kept: ${messageOf(error)}`;
    return { isFailed: true, text, said: { ...said, outcome: 'failed', problem: messageOf(error) } };
  }
}

/** Beside checkpoints on standard output. */
const verdictNote = (report: StoreReport, given: Given): string =>
  [
    `verdict: ${report.verdict}`,
    statedText(report),
    ...decisionsText(report.decisions).map(printable),
    ...boundsOf(report, given),
  ].join('\n  ');

function attestedText(
  all: readonly ConfirmedChainText[],
  unattested: readonly string[],
  survey: AttestationSurvey,
): string {
  const chains = all.map((one) => `${printable(`${one.origin}: ${attestationText(one)}`)}\n`).join('');
  const none = unattested.map(
    (origin) => `${printable(origin)}: no attestation by a named cosigner, nothing compared\n`,
  );
  return `${chains}${none.join('')}${foreignObjectsText(survey)}`;
}

/** Of the archives beside it too. */
const chainsOf = ({ chains, beside }: StoreReport): readonly ChainReport[] => [
  ...chains,
  ...(beside?.archives ?? []).flatMap((one) => one.report.chains),
];

const checkpointsOf = (report: StoreReport): string[] =>
  chainsOf(report).flatMap(({ checkpoint }) => (checkpoint === null ? [] : [checkpoint]));
