// How do decisions read, and what came of them?
import { counted } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import type { Act } from '../../format/act.ts';
import type { ActDetail, SegmentRange } from '../../format/act-detail.ts';
import { timeText } from '../../format/time.ts';
import type { Effect } from '../../governance/effect.ts';
import { segmentsOfAct } from '../../governance/settle-holds.ts';
import type { ActHistory } from '../../verify/acts/history.ts';
import { holdsInForce } from '../../verify/acts/in-force.ts';
import type { RecordedAct } from '../../verify/acts/recorded-act.ts';

const HOUR_MS = 3_600_000;

export type ActState =
  | { readonly state: 'in-force' | 'open' | 'withdrawn' | 'lapsed' }
  /** `lockless`: the store had no locks and no holds, so nothing was set. */
  | { readonly state: 'done'; readonly lockless: boolean }
  /** `blockedBy`: why nobody can approve it as things stand. */
  | { readonly state: 'waiting'; readonly until: string; readonly blockedBy: string | null }
  /** `endedBy`: the act that ended it; null: its own date has passed. */
  | { readonly state: 'ended'; readonly endedBy: string | null };

/** `open`: in force, and what it demands of the store is not done. `lapsed`: nobody approved it in time. */
export function stateOf(recorded: RecordedAct, history: ActHistory, nowMs: number): ActState {
  if (recorded.withdrawnBy !== null) return { state: 'withdrawn' };
  if (history.isWaiting(recorded, nowMs)) {
    const hours = history.charter?.hours ?? 0;
    const until = timeText(recorded.place.sealedMs + hours * HOUR_MS);
    return { state: 'waiting', until, blockedBy: blockOf(recorded, history) };
  }
  if (recorded.inForce === null) return { state: 'lapsed' };
  const end = history.end(recorded, nowMs);
  if (end !== null) return { state: 'ended', endedBy: end.by?.act.id ?? null };
  if (history.isOpen(recorded, nowMs)) return { state: 'open' };
  return recorded.doneBy === null ? { state: 'in-force' } : { state: 'done', lockless: isLockless(recorded) };
}

export const LAPSED = 'not approved in time: it has no effect';

const STATE_TEXT = {
  'in-force': 'in force',
  open: 'in force, and not done in the store yet',
  withdrawn: 'withdrawn',
  lapsed: LAPSED,
} as const;

/** FORMAT.md 13.5.4: where there are locks, seals were counted. */
const isLockless = ({ act, doneBy }: RecordedAct): boolean =>
  act.kind !== 'key.rotate' && doneBy?.act.kind === 'done' && doneBy.act.detail.objects === 0;

function blockOf({ act: { by } }: RecordedAct, { charter }: ActHistory): string | null {
  const person = charter?.people.find(({ fingerprint }) => fingerprint === by.key);
  if (person?.name === by.name && person.roles.includes('officer')) return null;
  return `can't be approved: ${by.name}, who proposed it, is no officer any more`;
}

export function stateText(state: ActState): string {
  if (state.state === 'waiting') {
    const { until, blockedBy } = state;
    return `waits for another person's approval until ${until}${blockedBy === null ? '' : `, and ${blockedBy}`}`;
  }
  if (state.state === 'done')
    return state.lockless
      ? 'in force, and kept by nothing: the store had no locks and no holds to set'
      : 'in force, and done';
  if (state.state !== 'ended') return STATE_TEXT[state.state];
  return state.endedBy === null ? 'over: its date has passed' : `over: ended by ${state.endedBy.slice(0, 8)}`;
}

export const actJson = (recorded: RecordedAct, history: ActHistory, nowMs: number) => {
  const { act, place, isForTwo, approvedBy, inForce, doneBy } = recorded;
  return {
    ...{ id: act.id, kind: act.kind, of: act.of, by: act.by, reason: act.reason, reference: act.reference },
    ...{ time: act.time, detail: act.detail, segment: place.sequence, sealed: timeText(place.sealedMs) },
    ...{ needsTwo: isForTwo, approvedBy: approvedBy?.act.by ?? null, ...stateOf(recorded, history, nowMs) },
    inForceSince: inForce === null ? null : timeText(inForce.sealedMs),
    done: doneBy === null ? null : doneBy.act.detail,
  };
};

/** One act in a few lines, each harmless at a terminal. */
export function actText(recorded: RecordedAct, history: ActHistory, nowMs: number): string {
  const { act, place, approvedBy } = recorded;
  const { name, principal } = act.by;
  const lines = [
    `${act.id.slice(0, 8)}  ${act.kind}: ${stateText(stateOf(recorded, history, nowMs))}`,
    `  ${timeText(place.sealedMs)} by ${name}${principal === null ? '' : ` as ${principal}`}: ${act.reason}`,
    ...(act.reference === null ? [] : [`  reference ${act.reference}`]),
    ...detailLines(act, history).map((line) => `  ${line}`),
    ...insteadOf(recorded, history).map((line) => `  ${line}`),
    ...(approvedBy === null
      ? []
      : [`  approved by ${approvedBy.act.by.name} ${timeText(approvedBy.place.sealedMs)}`]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function detailLines(act: Act, history: ActHistory): string[] {
  switch (act.kind) {
    case 'charter':
      return [
        `approval within ${counted(act.detail.approval.hours, 'hour')}`,
        ...act.detail.people.map(({ name, roles }) => `${name}: ${roles.join(' and ')}`),
      ];
    case 'hold.place':
      return [`case ${act.detail.case}: ${rangesText(act.detail.segments)}`];
    case 'hold.reaffirm':
    case 'hold.release':
      return [`case ${act.detail.case}`];
    case 'retention.extend':
      return [`locked until ${act.detail.until}: ${rangesText(act.detail.segments)}`];
    case 'approve':
    case 'withdraw':
      return [`of ${act.of!.slice(0, 8)}`];
    case 'key.introduce':
    case 'key.rotate':
    case 'key.retire':
      return [`${act.detail.use} key ${act.detail.key}`];
    case 'done':
      return [doneText(act, history.find(act.of!)?.act.kind)];
    case 'policy':
      return policyLines(act.detail);
    default:
      return [JSON.stringify(act.detail)];
  }
}

function doneText({ of, detail }: Act & { readonly kind: 'done' }, kind: string | undefined): string {
  const what = `of ${of!.slice(0, 8)}:`;
  if (kind === 'key.rotate')
    return `${what} ${counted(detail.objects, 'chain')}, ${detail.changed} signed by it alone`;
  return detail.objects === 0
    ? `${what} no object was looked at: the store had no locks`
    : `${what} ${looked(detail)}`;
}

const looked = ({ objects, changed }: ActDetail['done']): string =>
  `${counted(objects, 'object version')}, ${changed} changed`;

/** Each policy with its chains. */
export const policyLines = ({ policies, chains }: ActDetail['policy']): string[] =>
  policies.map(({ name, period, mode }) => {
    const of = chains.flatMap(({ chain, policy }) => (policy === name ? [chain] : []));
    return `${name}: ${period}, ${mode}${of.length === 0 ? '' : `, for ${of.join(', ')}`}`;
  });

/** What a proposal would end, as it is now. */
function insteadOf({ act, inForce }: RecordedAct, history: ActHistory): string[] {
  if (inForce !== null) return [];
  if (act.kind === 'hold.release') {
    const hold = holdsInForce(history).find((one) => one.case === act.detail.case);
    return hold === undefined ? [] : [`it holds now: ${rangesText(hold.segments)}`];
  }
  const before = act.kind === 'policy' ? history.newest('policy') : null;
  return before === null
    ? []
    : ['now in force are:', ...policyLines(before.detail).map((line) => `  ${line}`)];
}

const SHOWN_MAX = 6;

/** Such as `orders/0 segments 3 to 7`. */
export function rangesText(ranges: readonly SegmentRange[]): string {
  const shown = ranges.slice(0, SHOWN_MAX).map(({ chain, partition, from, to }) => {
    const place = partition === null ? `all partitions of ${chain}` : `${chain}/${partition}`;
    if (to === null) return `${place} segments from ${from} on, also those to come`;
    return `${place} ${from === to ? `segment ${from}` : `segments ${from} to ${to}`}`;
  });
  const left = ranges.length - shown.length;
  return `${shown.join('; ')}${left > 0 ? `; and ${left} more` : ''}`;
}

/** What was done in the store and what was not. `done`: what happened to objects, such as `held`. */
export function effectLines(effect: Effect, done: string): string[] {
  const { objects, changed, failed, doubts, withoutAct, isLockless } = effect;
  if (isLockless && failed.length === 0)
    return [
      'a directory has no locks and no holds: it is decided and recorded, and nothing keeps these files',
      ...goneLines(effect),
    ];
  const all = objects + failed.length;
  const lines = [
    failed.length === 0
      ? `${done} ${counted(objects, 'object')}: ${changed} changed, ${objects - changed} were so already`
      : `${done} ${objects} of ${all} objects; ${failed.length} failed, and the act stays open`,
  ];
  lines.push(...shortened(failed).map((line) => `  failed: ${line}`));
  if (failed.length > 0) lines.push('run the same command again: it goes on where this ended');
  lines.push(...goneLines(effect));
  lines.push(...shortened(doubts).map((line) => `  its objects were taken by their names: ${line}`));
  if (doubts.some((line) => /: (unknown-key|no-trusted-key)/.test(line)))
    lines.push('  if that key is the log’s, name it in archive.trusted of governance.yaml');
  lines.push(...shortened(withoutAct).map((key) => `  held without an act, and left so: ${key}`));
  return lines;
}

const goneLines = ({ gone }: Effect): string[] =>
  gone.length === 0
    ? []
    : [
        `${counted(gone.length, 'data object')} had gone when nothing kept it any more, and nothing is demanded of it:`,
        ...shortened(gone).map((line) => `  ${line}`),
      ];

/** Why a release took no hold off of some objects. Empty: it is no release, or none of them is held. */
export function stillHeldLines(recorded: RecordedAct, history: ActHistory, { held }: Effect): string[] {
  if (recorded.act.kind !== 'hold.release' || held === 0) return [];
  const released = segmentsOfAct(recorded, history);
  const holds = holdsInForce(history);
  const same = holds.filter((hold) => hold.segments.some((one) => released.some((two) => overlap(one, two))));
  const names = (of: typeof holds) => of.map((hold) => hold.case).join(', ');
  return [
    `${counted(held, 'object')} still held: `.concat(
      same.length > 0
        ? `the same segments are held for ${names(same)}`
        : `keys and FORMAT, which each held segment needs, for ${names(holds)}`,
    ),
  ];
}

const overlap = (a: SegmentRange, b: SegmentRange): boolean =>
  a.chain === b.chain &&
  (a.partition === null || b.partition === null || a.partition === b.partition) &&
  a.from <= (b.to ?? a.from) &&
  b.from <= (a.to ?? b.from);

const shortened = (lines: readonly string[]): string[] =>
  lines.length <= SHOWN_MAX
    ? [...lines]
    : [...lines.slice(0, SHOWN_MAX), `and ${lines.length - SHOWN_MAX} more`];

export const effectJson = ({ isLockless, ...effect }: Effect) => ({ ...effect, lockless: isLockless });
