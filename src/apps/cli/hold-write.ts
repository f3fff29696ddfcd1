// What do `hold place`, `reaffirm`, `release` and `enforce` do?
import { systemClock } from '../../base/clock.ts';
import type { Act, ActRequest } from '../../format/act.ts';
import { carryOut, enforceHolds, historyNow } from '../../governance/carry-out.ts';
import { earlierActs } from '../../governance/earlier-acts.ts';
import { keepHolds } from '../../governance/keep-holds.ts';
import { type Recording, recordAct } from '../../governance/record-act.ts';
import { segmentsOfAct } from '../../governance/settle-holds.ts';
import { BrokenActsError } from '../../read/broken-acts.ts';
import type { ActHistory } from '../../verify/acts/history.ts';
import { holdsInForce } from '../../verify/acts/in-force.ts';
import type { RecordedAct } from '../../verify/acts/recorded-act.ts';
import { type Deciding, type DecidingOptions, deciding, requireWord } from './deciding.ts';
import { EXIT, exitCodeOfError, UsageError } from './exit-code.ts';
import { effectJson, effectLines, rangesText, stateOf, stillHeldLines } from './governance-text.ts';
import { finish } from './governance-write.ts';
import { keptAllTheSame } from './hold-keep.ts';
import { requirePlain } from './plain-name.ts';
import {
  checkSelection,
  type SelectionOptions,
  selectionJson,
  selectionLines,
  selectionOf,
} from './selection-options.ts';
import type { Session } from './session.ts';

type CaseOptions = DecidingOptions & { readonly case: string; readonly dryRun?: boolean };
export type HoldOptions = CaseOptions & SelectionOptions;

export async function runHold(session: Session, options: HoldOptions): Promise<number> {
  const { io, output } = session;
  checkSelection(options);
  requirePlain('--case', options.case);
  const name = requireWord('--case', options.case);
  return deciding(session, options, 'one', async (context) => {
    const { tools, decider, asked } = context;
    const selected = await selectionOf(context, options, io.env);
    const selection = selectionJson(selected);
    if (options.dryRun === true) {
      if (options.json === true) await output.json({ dryRun: true, case: name, selection });
      else
        for (const line of ['nothing is written; this would be held:', ...selectionLines(selected)])
          await output.line(line);
      return EXIT.ok;
    }
    const history = await historyNow(tools);
    const isSame = (act: Act) => act.kind === 'hold.place' && act.detail.case === name;
    const { acts, isCovered } = earlierActs(history, decider.name, asked, isSame, selected.ranges);
    const request: ActRequest = {
      ...{ kind: 'hold.place', ...asked, detail: { case: name, segments: selected.ranges } },
    };
    const written = isCovered ? null : await recordAct(tools, decider, request);
    return carryOutAll(session, options, context, { history, acts, written }, 'held', {
      ...{ more: { selection }, lines: async () => selectionLines(selected) },
    });
  });
}

type Said = {
  readonly more: Readonly<Record<string, unknown>>;
  /** Of the act that stands now. */
  readonly lines: (recorded: RecordedAct) => Promise<readonly string[]>;
};

/** What was asked for before and is open, and what was written now; or the newest one again. */
export async function carryOutAll(
  session: Session,
  options: DecidingOptions,
  context: Deciding,
  {
    history,
    acts,
    written,
  }: { history: ActHistory; acts: readonly RecordedAct[]; written: Recording | null },
  done: string,
  said: Said,
): Promise<number> {
  const { tools, decider } = context;
  const nowMs = tools.clock.now();
  const last = written ?? { recorded: acts.at(-1)!, isNew: false, history };
  for (const act of acts)
    if (act !== last.recorded && history.isOpen(act, nowMs))
      await carryOut(tools, decider, act, last.history);
  return effectOf(session, options, context, last, done, said);
}

/** Carries it out, and says what was done. */
async function effectOf(
  session: Session,
  options: DecidingOptions,
  { tools, decider }: Deciding,
  { recorded, isNew, history }: Recording,
  done: string,
  said: Said,
): Promise<number> {
  const { effect } = await carryOut(tools, decider, recorded, history);
  const now = await historyNow(tools);
  return finish(
    session,
    options,
    { recorded: now.find(recorded.act.id)!, history: now, isNew },
    { ...said.more, effect: effectJson(effect) },
    [...(await said.lines(recorded)), ...effectLines(effect, done), ...stillHeldLines(recorded, now, effect)],
  ).then((code) => (effect.failed.length > 0 ? EXIT.notYet : code));
}

const inForce = (history: ActHistory, name: string) =>
  holdsInForce(history).find((hold) => hold.case === name) ?? null;

function requireCase(history: ActHistory, name: string): void {
  if (inForce(history, name) !== null) return;
  const cases = holdsInForce(history).map((hold) => hold.case);
  throw new UsageError(
    `no hold of the case ${name} is in force`,
    cases.length === 0 ? 'There is none at all.' : `In force: ${cases.slice(0, 20).join(', ')}.`,
  );
}

export async function runReaffirm(session: Session, options: CaseOptions): Promise<number> {
  const name = requireWord('--case', options.case);
  return deciding(session, options, 'one', async ({ tools, decider, asked }) => {
    requireCase(await historyNow(tools), name);
    const written = await recordAct(tools, decider, {
      ...{ kind: 'hold.reaffirm', ...asked, detail: { case: name } },
    });
    return finish(session, options, written);
  });
}

export async function runRelease(session: Session, options: CaseOptions): Promise<number> {
  const { output } = session;
  const name = requireWord('--case', options.case);
  return deciding(session, options, 'two', async (context) => {
    const { tools, decider, asked } = context;
    const history = await historyNow(tools);
    // Approved, and not done: nothing new is proposed.
    const open = history.acts.find(
      (one) =>
        one.act.kind === 'hold.release' &&
        one.act.detail.case === name &&
        history.isOpen(one, tools.clock.now()),
    );
    if (options.dryRun === true) {
      const segments = inForce(history, name)?.segments ?? (open ? segmentsOfAct(open, history) : []);
      if (open === undefined) requireCase(history, name);
      if (options.json === true) await output.json({ dryRun: true, case: name, segments });
      else await output.line(`nothing is written; this would be released: ${rangesText(segments)}`);
      return EXIT.ok;
    }
    const done = { more: {}, lines: async () => [] };
    if (open !== undefined)
      return effectOf(session, options, context, { recorded: open, isNew: false, history }, 'settled', done);
    requireCase(history, name);
    const written = await recordAct(tools, decider, {
      ...{ kind: 'hold.release', ...asked, detail: { case: name } },
    });
    return finish(session, options, written);
  });
}

export async function runEnforce(session: Session, options: DecidingOptions): Promise<number> {
  const { output } = session;
  return deciding(session, options, 'one', async ({ tools, decider }) => {
    const enforced = await enforceHolds(tools, decider).catch((error: unknown) => {
      if (error instanceof BrokenActsError && error.before !== null) return error;
      throw error;
    });
    if (enforced instanceof BrokenActsError) return enforceBefore(session, options, tools, enforced);
    const { effect, closed } = enforced;
    const history = await historyNow(tools);
    const cases = holdsInForce(history);
    const stillOpen = history.acts.filter((one) => stateOf(one, history, systemClock.now()).state === 'open');
    if (options.json === true)
      await output.json({
        ...{ cases: cases.map((hold) => hold.case), closed: closed.map(({ act }) => act.id) },
        ...{ open: stillOpen.map(({ act }) => act.id), effect: effectJson(effect) },
      });
    else {
      await output.line(`cases in force: ${cases.map((hold) => hold.case).join(', ') || 'none'}`);
      for (const line of effectLines(effect, 'settled')) await output.line(line);
      for (const { act } of closed) await output.line(`done now: ${act.id.slice(0, 8)} ${act.kind}`);
    }
    return effect.failed.length > 0 ? EXIT.notYet : EXIT.ok;
  });
}

/** Of a broken chain: what the acts before the break hold is held, and nothing is taken off. */
async function enforceBefore(
  { output }: Session,
  options: DecidingOptions,
  { store, clock, logKeys, signal }: Deciding['tools'],
  broken: BrokenActsError,
): Promise<number> {
  const { history } = broken.before!;
  const keeping = { store, clock, trusted: logKeys, signal, isVerified: false };
  const effect = await keepHolds(keeping, history, null, async () => history);
  const cases = holdsInForce(history, false).map((hold) => hold.case);
  if (options.json === true) await output.json({ cases, broken: broken.message, effect: effectJson(effect) });
  else {
    await output.line(`cases in force: ${cases.join(', ') || 'none'}`);
    for (const line of effectLines(effect, 'held')) await output.line(line);
  }
  output.note(keptAllTheSame(broken));
  return exitCodeOfError(broken);
}
