// `ledgerstone retention extend`: how do stored segments get a longer lock, by a decision that is recorded?
import type { Command } from 'commander';
import { afterPeriod } from '../../base/period.ts';
import type { Act, ActRequest } from '../../format/act.ts';
import { untilText } from '../../format/time.ts';
import { decisionLock, historyNow } from '../../governance/carry-out.ts';
import { earlierActs } from '../../governance/earlier-acts.ts';
import { recordAct } from '../../governance/record-act.ts';
import { type DecidingOptions, deciding, withDecider } from './deciding.ts';
import { EXIT } from './exit-code.ts';
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
  SelectionOptions & { readonly until: string; readonly limit: string; readonly dryRun?: boolean };

const HELP = `
Seal and data of each segment that is stored now, and the archive's keys and FORMAT, are
locked until then or longer. No lock becomes shorter, and nobody can take one back: a date
beyond ten years needs --limit. A segment is taken if its records' timestamps (or, with
--time sealed, its sealing) overlap --from to --to.

Exit codes: 0 recorded, and locked; 2 usage or not allowed; 3 it could not be written; 4
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
    .addHelpText('after', HELP)
    .action(acting(session, (options: ExtendOptions) => runExtend(session, options)));
}

async function runExtend(session: Session, options: ExtendOptions): Promise<number> {
  const { io, output } = session;
  checkSelection(options);
  const until = untilText(latestLock('--until', options.until, options));
  return deciding(session, options, 'one', async (context) => {
    const { tools, decider, asked } = context;
    const selected = await selectionOf(context, options, io.env);
    const selection = selectionJson(selected);
    const lines = selectionLines(selected);
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
    const history = await historyNow(tools);
    const isSame = (act: Act) => act.kind === 'retention.extend' && act.detail.until === until;
    const { acts, isCovered } = earlierActs(history, decider.name, asked, isSame, selected.ranges);
    const request: ActRequest = {
      ...{ kind: 'retention.extend', ...asked, detail: { segments: selected.ranges, until } },
    };
    const written = isCovered ? null : await recordAct(tools, decider, request);
    return carryOutAll(session, options, context, { history, acts, written }, `locked until ${until}:`, {
      more: { selection },
      lines: async (recorded) => [
        ...lines,
        ...ownLockNote(until, await decisionLock(tools, recorded.place.sequence)),
      ],
    });
  });
}

/** The decision itself should not end before what it locks. `ownMs` null: its store has no locks. */
const ownLockNote = (until: string, ownMs: number | null): string[] =>
  ownMs === null || ownMs >= Date.parse(until)
    ? []
    : [
        `  the decision itself is locked until ${untilText(ownMs)} only: lengthen governance.retention.period before`,
      ];
