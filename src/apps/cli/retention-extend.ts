// `ledgerstone retention extend`: how do stored segments get a longer lock, by a decision that is recorded?
import type { Command } from 'commander';
import { counted } from '../../base/counted.ts';
import { afterPeriod } from '../../base/period.ts';
import type { StoreConfig } from '../../config/connections.ts';
import type { Act, ActRequest } from '../../format/act.ts';
import type { SegmentRange } from '../../format/act-detail.ts';
import { untilText } from '../../format/time.ts';
import { lockedAlready } from '../../governance/already-locked.ts';
import { decisionLock, historyNow } from '../../governance/carry-out.ts';
import { earlierActs } from '../../governance/earlier-acts.ts';
import { goneJudge } from '../../governance/gone-data.ts';
import { recordAct } from '../../governance/record-act.ts';
import { shortLocks } from '../../governance/short-locks.ts';
import type { ActHistory } from '../../verify/acts/history.ts';
import { type BatchManifest, writeBatchManifest } from './batch-manifest.ts';
import { type Deciding, type DecidingOptions, deciding, withDecider } from './deciding.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { finish } from './governance-write.ts';
import { carryOutAll } from './hold-write.ts';
import {
  checkSelection,
  type SelectionOptions,
  selectionJson,
  selectionLines,
  selectionOf,
  withSelection,
} from './selection-options.ts';
import type { Session } from './session.ts';
import { acting } from './session.ts';
import { DEFAULT_LIMIT, latestLock } from './until-option.ts';

type ExtendOptions = DecidingOptions &
  SelectionOptions & {
    readonly until: string;
    readonly limit: string;
    readonly dryRun?: boolean;
    readonly manifest?: string;
  };

const HELP = `
Seal and data of each segment that is stored now, and the archive's keys and FORMAT, are
locked until then or longer. No lock becomes shorter, and nobody can take one back: a date
beyond ten years needs --limit. A segment is taken if its records' timestamps (or, with
--time sealed, its sealing) overlap --from to --to.

With --manifest no lock is changed here. The decision is recorded, and a new folder gets
the list of objects and the job for S3 Batch Operations, for hundreds of thousands of
them: you run it, and then \`retention enforce\`, which reads each lock back.

Where longer locks in force cover all of it for as long, nothing is written.
Data that had gone when nothing kept it any more is named, and the rest is locked.

Exit codes: 0 recorded, and locked, or nothing becomes longer; 2 usage or not allowed; 3 it could not be written; 4
recorded, and not all of it is locked yet: run the same command again.

Examples:
  ledgerstone retention extend --topic orders --from 2026-01-01 --to 2027-01-01 \\
      --until 2034-01-01 --config governance.yaml --by "Ada Byron" --reason "Tax audit" \\
      --sign-key ada-key.pem --dry-run
`;

export function retentionExtend(retention: Command, session: Session): void {
  withSelection(withDecider(retention.command('extend').description('Longer locks of what is stored.')))
    .requiredOption('--until <time>', 'locked until then, or longer')
    .option('--limit <period>', 'no date further from now is taken, such as 15y', DEFAULT_LIMIT)
    .option('--dry-run', 'say what would be locked, and write nothing')
    .option('--manifest <folder>', 'decide, and list the objects for a job of S3 Batch Operations')
    .addHelpText('after', HELP)
    .action(acting(session, (options: ExtendOptions) => runExtend(session, options)));
}

async function runExtend(session: Session, options: ExtendOptions): Promise<number> {
  const { io, output } = session;
  checkSelection(options);
  const until = untilText(latestLock('--until', options.until, options));
  return deciding(session, options, 'one', async (context) => {
    const { tools, decider, asked } = context;
    if (options.manifest !== undefined) requireS3(context);
    const selected = await selectionOf(context, options, io.env);
    const selection = selectionJson(selected);
    const lines = selectionLines(selected);
    const history = await historyNow(tools);
    const isSame = (act: Act) => act.kind === 'retention.extend' && act.detail.until === until;
    const { acts, isCovered } = earlierActs(history, decider.name, asked, isSame, selected.ranges);
    const already = isCovered
      ? null
      : lockedAlready(history, selected.ranges, Date.parse(until), tools.clock.now());
    if (already !== null) return nothingLonger(session, options, context, history, selected, already);
    if (options.dryRun === true) {
      if (options.json === true) await output.json({ dryRun: true, until, selection });
      else
        for (const line of [
          `nothing is written; this would be locked until ${until}:`,
          ...lines,
          ...ownLockNote(
            until,
            tools.store.kind === 's3' ? afterPeriod(tools.clock.now(), tools.retention.period) : null,
          ),
        ])
          await output.line(line);
      return EXIT.ok;
    }
    const request: ActRequest = {
      ...{ kind: 'retention.extend', ...asked, detail: { segments: selected.ranges, until } },
    };
    const written = isCovered ? null : await recordAct(tools, decider, request);
    if (options.manifest !== undefined) {
      const standing = written ?? { recorded: acts.at(-1)!, isNew: false, history };
      const made = await manifestOf(context, standing.history, options.manifest, selected.ranges, until);
      return finish(session, options, standing, { selection, manifest: made }, [
        ...lines,
        ...manifestLines(options.manifest, made),
      ]);
    }
    return carryOutAll(session, options, context, { history, acts, written }, `locked until ${until}:`, {
      more: { selection },
      lines: async (recorded) => [...lines, ...ownLockNote(until, await decisionLock(tools, recorded.place))],
    });
  });
}

/** No act is written. What was decided and is not done in the store is another command's. */
async function nothingLonger(
  { output }: Session,
  options: ExtendOptions,
  { tools }: Deciding,
  history: ActHistory,
  selected: Awaited<ReturnType<typeof selectionOf>>,
  decidedMs: number,
): Promise<number> {
  const locked = untilText(decidedMs);
  let short = 0;
  if (tools.store.kind === 's3')
    for await (const { isShort } of shortLocks(lookingOf(tools, history), selected.ranges, decidedMs))
      if (isShort) short++;
  if (options.json === true)
    await output.json({ written: false, decidedUntil: locked, short, selection: selectionJson(selected) });
  else {
    await output.line(`nothing becomes longer, and nothing is written: decided until ${locked} already`);
    for (const line of selectionLines(selected)) await output.line(line);
    if (short > 0)
      await output.line(
        `${counted(short, 'object version')} not locked as long in the store: ledgerstone retention enforce`,
      );
  }
  return short > 0 ? EXIT.notYet : EXIT.ok;
}

const lookingOf = ({ store, signal, clock, logKeys }: Deciding['tools'], history: ActHistory) => ({
  ...{ store, signal, trusted: logKeys, goneOf: goneJudge(history, clock.now()) },
});

function requireS3({ config }: Deciding): StoreConfig & { readonly kind: 's3' } {
  const { store } = config.archive;
  if (store.kind === 's3') return store;
  throw new UsageError('--manifest is for S3: a directory has no locks');
}

const manifestOf = (
  context: Deciding,
  history: ActHistory,
  folder: string,
  ranges: readonly SegmentRange[],
  until: string,
): Promise<BatchManifest> => {
  const { bucket, prefix } = requireS3(context);
  const { mode } = context.tools.retention;
  return writeBatchManifest(
    { folder, bucket, prefix, mode, until },
    shortLocks(lookingOf(context.tools, history), ranges, Date.parse(until)),
  );
};

const manifestLines = (folder: string, { listed, longEnough }: BatchManifest): string[] => [
  `${folder}: ${counted(listed, 'object version')} for S3 Batch Operations; ${longEnough} are locked as long`,
  'no lock is changed yet: README.txt there says how the job is run, and what comes after it',
];

/** The decision itself should not end before what it locks. `ownMs` null: its store has no locks. */
const ownLockNote = (until: string, ownMs: number | null): string[] =>
  ownMs === null || ownMs >= Date.parse(until)
    ? []
    : [
        `  the decision itself is locked until ${untilText(ownMs)} only: lengthen governance.retention.period before`,
      ];
