// `ledgerstone governance`: what was decided about this archive, by whom, and what waits?
import { type Command, Option } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { counted } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import { timeText } from '../../format/time.ts';
import { encodeVkey } from '../../format/vkey.ts';
import type { ActHistory } from '../../verify/acts/history.ts';
import { extensions, holdsInForce } from '../../verify/acts/in-force.ts';
import type { RecordedAct } from '../../verify/acts/recorded-act.ts';
import { governanceContinue } from './governance-continue.ts';
import { exitOfActs, GOVERNED, type OpenedActs, openActs } from './governance-open.ts';
import { type Outlook, outlookOf } from './governance-plan.ts';
import { governanceRecord } from './governance-record.ts';
import { actJson, actText, LAPSED, policyLines, rangesText, stateOf } from './governance-text.ts';
import { actById, governanceWriting } from './governance-write.ts';
import { type ArchiveOptions, withArchive } from './open-archive.ts';
import { acting, type Session } from './session.ts';

type ReadingOptions = ArchiveOptions & {
  readonly kind?: string;
  readonly open?: boolean;
  readonly json?: boolean;
};

const HELP = `
What people decide about an archive is a chain of its own: signed by each person's own
key, sealed and locked like the events. docs/governance.md is the whole path.

Examples:
  ledgerstone governance key ada-key.pem --vkey ada.vkey
  ledgerstone governance charter people.yaml --config governance.yaml --by "Ada Byron" \\
      --reason "Begin" --sign-key ada-key.pem
  ledgerstone governance show --config governance.yaml
  ledgerstone governance list --config governance.yaml --open --json
`;

const READING = `
Each seal is checked against the keys, and each act against the charter in force. Without
--config give the archive and --key: the verifier key of its decisions.

Exit codes: 0 read; 1 the chain is not what was signed; 2 usage, or there is no such act;
3 it could not be read, or no key was given that covers it.

Examples:
  ledgerstone governance show --config governance.yaml
  ledgerstone governance show 6d2f9b1f --config governance.yaml
  ledgerstone governance list ./archive --key governance.vkey --kind hold.place
`;

export function governanceCommand(program: Command, session: Session): void {
  const governance = program
    .command('governance')
    .description('Decisions about the archive: who decided what, and what waits.')
    .helpCommand(false)
    .addHelpText('after', HELP);
  governanceWriting(governance, session);
  governanceContinue(governance, session);
  governanceRecord(governance, session);
  withArchive(governance.command('list').description('Every act in its order.'), GOVERNED)
    .option('--kind <kind>', 'only of this kind, such as hold.place')
    .addOption(new Option('--open', 'only what waits for approval, or is not done in the store'))
    .option('--json', 'the same for programs')
    .addHelpText('after', READING)
    .action(
      acting(session, (name: string | undefined, options: ReadingOptions) => runList(session, name, options)),
    );
  withArchive(governance.command('show').description('What is in force, or one act.'), GOVERNED)
    .option('--id <id>', 'one act: its first 8 digits are enough')
    .option('--json', 'the same for programs')
    .addHelpText('after', READING)
    .action(
      acting(session, (name: string | undefined, options: ReadingOptions & { readonly id?: string }) =>
        // With a configuration the archive is named: the argument is an act.
        options.config === undefined || name === undefined
          ? runShow(session, name, options)
          : runShow(session, undefined, { ...options, id: name }),
      ),
    );
}

const isUnfinished = (state: string): boolean => state === 'waiting' || state === 'open';

async function runList(session: Session, name: string | undefined, options: ReadingOptions): Promise<number> {
  const { output } = session;
  const reading = await openActs(session, name, options, true);
  const { history } = reading;
  const nowMs = systemClock.now();
  const shown = history.acts.filter(
    (one) =>
      (options.kind === undefined || one.act.kind === options.kind) &&
      (options.open !== true || isUnfinished(stateOf(one, history, nowMs).state)),
  );
  if (options.json === true) {
    await output.json({
      verified: reading.isVerified,
      acts: shown.map((one) => actJson(one, history, nowMs)),
      ...othersJson(reading),
    });
    return exitOfActs(reading);
  }
  for (const one of shown) await output.write(actText(one, history, nowMs));
  await output.line(`${shown.length} of ${counted(history.acts.length, 'act')}`);
  if (options.open === true) for (const line of lapsedLines(history, nowMs)) await output.line(line);
  for (const line of [...otherLines(reading), ...continuationLines(reading)]) await output.line(line);
  return exitOfActs(reading);
}

/** The proposal to go on behind a break. It is no act of what was read, so no list has it. */
const continuationOf = ({ pending }: OpenedActs) => {
  const recorded = pending?.history.acts.at(-1);
  return pending === null || recorded === undefined
    ? null
    : { recorded, history: pending.history, origin: pending.head.manifest.origin };
};

function continuationLines(reading: OpenedActs): string[] {
  if (reading.broken === null) return [];
  const found = continuationOf(reading);
  if (found === null)
    return [
      'nobody has proposed to go on behind the break: ledgerstone governance continue does, with two persons',
    ];
  const nowMs = systemClock.now();
  const { recorded, history, origin } = found;
  const id = recorded.act.id.slice(0, 8);
  return [
    `proposed behind the break, in ${origin}:`,
    ...actText(recorded, history, nowMs).trimEnd().split('\n'),
    stateOf(recorded, history, nowMs).state === 'waiting'
      ? `another person approves it: ledgerstone governance approve ${id}`
      : 'it waits for nobody any more: ledgerstone governance continue proposes it again',
  ];
}

/** Lines of the chain that decide nothing, and acts of later versions. */
const othersJson = (reading: OpenedActs) => ({
  ...othersOf(reading),
  continuation: continuationJson(continuationOf(reading)),
});

const continuationJson = (found: ReturnType<typeof continuationOf>) =>
  found && { ...actJson(found.recorded, found.history, systemClock.now()), begun: found.origin };

const othersOf = ({ history, broken }: OpenedActs) => ({
  broken: broken?.message ?? null,
  refused: history.refused.map(({ place, why }) => ({ line: place.offset, segment: place.sequence, why })),
  later: history.later.map(({ place, act }) => ({ line: place.offset, id: act.id, kind: act.kind })),
});

/** Proposals that nobody approved in time: they wait no longer, and nobody is told otherwise. */
const lapsedLines = (history: ActHistory, nowMs: number): string[] =>
  history.acts.flatMap((one) =>
    stateOf(one, history, nowMs).state === 'lapsed'
      ? [`${one.act.id.slice(0, 8)} ${one.act.kind}, proposed ${timeText(one.place.sealedMs)}: ${LAPSED}`]
      : [],
  );

const otherLines = ({ history }: OpenedActs): string[] => [
  ...history.refused.map(({ place, why }) => `refused: line ${place.offset} decides nothing: ${why}`),
  ...history.later.map(
    ({ place, act }) => `line ${place.offset} is of the kind ${act.kind}, which only a later version knows`,
  ),
];

async function runShow(
  session: Session,
  name: string | undefined,
  options: ReadingOptions & { readonly id?: string },
): Promise<number> {
  const { output } = session;
  const reading = await openActs(session, name, options, true);
  const { history, head } = reading;
  const nowMs = systemClock.now();
  const outlook = (one: RecordedAct) => outlookOf(reading, one, nowMs, session.io.signal);
  if (options.id !== undefined) {
    const recorded = actById(history, options.id);
    const more = await outlook(recorded);
    if (options.json === true) await output.json({ ...actJson(recorded, history, nowMs), ...more?.json });
    else await output.write([actText(recorded, history, nowMs), ...linesOf(more)].join(''));
    return exitOfActs(reading);
  }
  const of = (state: string) => history.acts.filter((one) => stateOf(one, history, nowMs).state === state);
  const [waiting, open] = [of('waiting'), of('open')];
  const holds = holdsInForce(history, reading.broken === null);
  if (options.json === true) {
    const policy = history.newest('policy')?.detail ?? null;
    await output.json({
      ...{ verified: reading.isVerified, acts: history.acts.length, segments: head.sequence + 1 },
      vkeys: head.signedKeys.map(encodeVkey),
      charter: history.newest('charter')?.detail ?? null,
      policy,
      holds: holds.map(holdJson),
      waiting: waiting.map((one) => actJson(one, history, nowMs)),
      open: await Promise.all(
        open.map(async (one) => ({ ...actJson(one, history, nowMs), ...(await outlook(one))?.json })),
      ),
      lapsed: of('lapsed').map((one) => actJson(one, history, nowMs)),
      ...othersJson(reading),
    });
    return exitOfActs(reading);
  }
  const people = history.charter?.people ?? [];
  const lines = [
    `${counted(history.acts.length, 'act')} in ${counted(head.sequence + 1, 'segment')}`,
    `the last one was sealed ${head.manifest.time.sealed}`,
    ...head.signedKeys.map((key) => `verifier key of the decisions: ${encodeVkey(key)}`),
    `charter: approval within ${counted(history.charter?.hours ?? 0, 'hour')}`,
    ...people.map(
      ({ name: who, roles, fingerprint }) =>
        `  ${who}: ${roles.join(' and ')}, key ${fingerprint.slice(0, 16)}`,
    ),
    holds.length === 0 ? 'no hold is in force' : 'holds in force:',
    ...holds.map((hold) => `  ${hold.case}: ${rangesText(hold.segments)}`),
    ...extendedLines(history, nowMs),
    ...policiesInForce(history),
    ...retiredLines(history.acts),
  ];
  for (const line of lines) await output.line(line);
  for (const [title, acts] of [
    ['waits for approval:', waiting],
    ['in force, and not done in the store:', open],
  ] as const) {
    if (acts.length > 0) await output.line(title);
    for (const one of acts) {
      const more = acts === open ? await outlook(one) : null;
      await output.write([actText(one, history, nowMs), ...linesOf(more, '  ')].join(''));
    }
  }
  const others = [...otherLines(reading), ...continuationLines(reading)];
  for (const line of [...lapsedLines(history, nowMs), ...others]) await output.line(line);
  return exitOfActs(reading);
}

const linesOf = (more: Outlook | null, indent = ''): string[] =>
  (more?.lines ?? []).map((line) => `${printable(`${indent}${line}`)}\n`);

function policiesInForce(history: ActHistory): string[] {
  const policy = history.newest('policy');
  if (policy === null) return ['no retention policy was put in force'];
  return ['retention policies in force:', ...policyLines(policy.detail).map((line) => `  ${line}`)];
}

const retiredLines = (acts: readonly RecordedAct[]): string[] =>
  acts.flatMap(({ act, inForce }) =>
    act.kind === 'key.retire' && inForce !== null ? [`retired ${act.detail.use} key: ${act.detail.key}`] : [],
  );

const extendedLines = (history: ActHistory, nowMs: number): string[] =>
  extensions(history).flatMap((one) =>
    history.end(one, nowMs) === null
      ? [`locked until ${one.act.detail.until}: ${rangesText(one.act.detail.segments)}`]
      : [],
  );

export const holdJson = (hold: ReturnType<typeof holdsInForce>[number]) => ({
  ...{ case: hold.case, segments: hold.segments, acts: hold.acts },
  ...{ placed: timeText(hold.placedMs), affirmed: timeText(hold.affirmedMs) },
});
