// What does a drill print, before it is done and afterwards?

import { counted } from '../../../base/counted.ts';
import { printable } from '../../../base/printable.ts';
import type { S3StoreConfig } from '../../../config/connections.ts';
import type { VerifierConfig } from '../../../config/verifier.ts';
import { timeText } from '../../../format/time.ts';
import type { Output } from '../output.ts';
import { ageText } from '../table.ts';
import { type Expected, FACTS, type Kind } from './canary.ts';
import { EARLIER_HOURS, type EarlierCanaries } from './earlier.ts';
import type { DrillResult } from './run.ts';

export type Plan = {
  readonly kind: Kind;
  readonly config: VerifierConfig;
  readonly archive: string;
  readonly lockMs: number;
  readonly mayStay: boolean;
  readonly channels: readonly string[];
  readonly expected: readonly Expected[];
  readonly earlier: EarlierCanaries;
};

const IF_REFUSED = 'then nothing is changed, and the refused try must be found (CloudTrail)';

/** The verifier's verdict of the canary is another then than that of `verify` without a least lock. */
const SHORT_LINES = [
  '           (its sweep.leastLock is longer than the canary is locked, so to it the canary',
  '           is broken too, as to `verify --least-lock`; no other chain is)',
];

/** Printed before anything is done. */
export function planText({
  kind,
  config,
  archive,
  lockMs,
  mayStay,
  channels,
  expected,
  earlier,
}: Plan): string {
  const isBucket = config.archive.store.kind === 's3';
  const { description: says, meanwhile, isSeal } = FACTS[kind];
  const where = isSeal ? 'seals/topic=ledgerstone.drill/' : 'ledgerstone.drill/';
  const lock =
    kind === 'delete-marker'
      ? 'none: it is removed at once'
      : !isBucket
        ? 'none: a directory has none'
        : `${ageText(lockMs)}, COMPLIANCE: until then nobody can delete it, not even AWS`;
  return [
    `drill      ${kind}: ${says}`,
    `archive    ${archive}, below ${where} and nowhere else`,
    `lock       ${lock}`,
    ...(mayStay ? ['stays      until somebody deletes it after its lock, if this role has no right to'] : []),
    `meanwhile  ${meanwhile}`,
    `findings   ${expected.map(({ code, severity }) => `${code} (${severity})`).join(', ')}`,
    ...(expected.some(({ code }) => code === 'retention-short') ? SHORT_LINES : []),
    `refused?   ${isBucket ? IF_REFUSED : 'then it ends'}`,
    ...earlierPlan(earlier),
    `people     ${config.cosigner.name} notifies them as if it were real: ${channels.join(', ')}`,
  ].join('\n');
}

function earlierPlan({ found, unlisted }: EarlierCanaries): string[] {
  if (unlisted !== null) return [`earlier    not known: ${unlisted}`];
  if (found.length === 0) return [];
  const many = counted(found.length, 'version');
  return [`earlier    ${many} that earlier drills left; removed if older than ${EARLIER_HOURS} hours`];
}

export function drillJson(result: DrillResult, plan: Plan, isGood: boolean): object {
  const { act, seen, detectedMs, notified, left, isClosed, withinMs } = result;
  const finding = seen?.file.finding;
  return {
    ...{ kind: plan.kind, archive: plan.archive, verifier: plan.config.cosigner.name, passed: isGood },
    expected: plan.expected,
    act: {
      ...{ call: act.call, key: act.key, versionId: act.versionId, at: timeText(act.atMs) },
      ...{ refused: act.refused, lockedUntil: orNull(act.lockedUntilMs, timeText) },
    },
    detected:
      seen === null || finding === undefined
        ? null
        : {
            ...{ code: finding.code, severity: finding.severity, scope: seen.scope.name },
            ...{ found: finding.found, check: seen.file.check, evidence: seen.evidence },
            ...{ firstSeen: timeText(seen.file.firstSeenMs), seconds: orNull(detectedMs, seconds) },
          },
    withinSeconds: seconds(withinMs),
    notified: notified.map(({ channel, ms }) => ({ channel, seconds: orNull(ms, seconds) })),
    takenAway: left.length === 0,
    left,
    earlier: result.earlier.map(({ key, versionId, laidMs, why }) => ({
      ...{ key, versionId, laid: timeText(laidMs), removed: why === null, why },
    })),
    earlierUnlisted: plan.earlier.unlisted,
    closed: isClosed,
  };
}

export function drillText(result: DrillResult, plan: Plan, isGood: boolean, output: Output): string {
  const { act, seen, detectedMs, notified, withinMs } = result;
  const lines = [
    `act        ${act.call} of ${act.key} at ${timeText(act.atMs)}${act.refused === null ? '' : ': refused'}`,
    ...(act.versionId === null ? [] : [`version    ${act.versionId}`]),
  ];
  if (seen !== null && detectedMs !== null) {
    const { finding, check, firstSeenMs } = seen.file;
    lines.push(
      `found      ${finding.code} (${finding.severity}) by ${check}, first seen ${timeText(firstSeenMs)}`,
      `           ${printable(finding.found ?? '')}`,
      `evidence   ${seen.evidence}`,
      ...notified.map(
        ({ channel, ms }) => `notified   ${channel}: ${ms === null ? 'no' : `${seconds(ms)} s`}`,
      ),
      ...cleanLines(result, plan),
    );
  } else lines.push(...cleanLines(result, plan));
  lines.push(...earlierLines(result, plan), '');
  if (detectedMs === null) {
    const word = output.colour('red', 'not detected');
    lines.push(`${word} within ${ageText(withinMs)}`, `  ${whyNot(result, plan)}`);
  } else {
    const word = output.colour(isGood ? 'green' : 'red', 'detected');
    lines.push(`${word} in ${seconds(detectedMs)} s`);
    const silent = notified.filter(({ ms }) => ms === null).map(({ channel }) => channel);
    if (silent.length > 0)
      lines.push(
        `${output.colour('red', 'nobody was notified')} by ${silent.join(', ')} within ${ageText(withinMs)}`,
      );
  }
  return `${lines.join('\n')}\n`;
}

function cleanLines({ act, left, isClosed, seen }: DrillResult, { config }: Plan): string[] {
  const { store } = config.archive;
  const lines = left.flatMap(({ key, versionId, why }) => [
    `left       ${key}, version ${versionId}: ${printable(why)}`,
    ...(store.kind === 's3' ? [`           ${deleteCommand(store, key, versionId)}`] : []),
  ]);
  if (act.versionId !== null && left.length === 0) lines.push('canary     removed');
  if (seen === null || act.refused !== null) return lines;
  const [chains, rest] = [config.chains.confirmMs, config.sweep.everyMs].map(ageText);
  const when = `when the verifier next looks (chains every ${chains}, everything else by its sweep, every ${rest})`;
  lines.push(
    `finding    ${isClosed ? 'closed' : left.length > 0 ? 'open as long as the object is there' : `closes ${when}`}`,
  );
  return lines;
}

/** Findings about them stay open as long as they are there. */
function earlierLines({ earlier }: DrillResult, { config }: Plan): string[] {
  const { store } = config.archive;
  const outcome = (why: string | null) => (why === null ? 'removed' : `left, ${printable(why)}`);
  return earlier.flatMap(({ key, versionId, laidMs, why }) => [
    `earlier    ${printable(key)}, version ${versionId}, of ${timeText(laidMs)}: ${outcome(why)}`,
    ...(why === null || store.kind !== 's3' ? [] : [`           ${deleteCommand(store, key, versionId)}`]),
  ]);
}

const deleteCommand = ({ bucket, prefix }: S3StoreConfig, key: string, versionId: string): string =>
  `aws s3api delete-object --bucket ${bucket} --key '${prefix}${key}' --version-id '${versionId}'`;

function whyNot({ act }: DrillResult, { kind, config }: Plan): string {
  if (act.refused !== null) {
    const reported = 'The try was refused, and only CloudTrail reports that.';
    const needed =
      "Data events of this bucket must reach the verifier, and the caller must be in the bucket's account.";
    return `${reported} ${needed} Most arrive within 5 minutes; --within 30m waits longer.`;
  }
  if (FACTS[kind].isSeal) {
    const runs = 'Check whether the verifier runs (its /healthz, or the alarm NothingConfirmed)';
    return `${runs}, and whether events of the bucket reach it.`;
  }
  const every = ageText(config.sweep.everyMs);
  const only = `Without events of the bucket (\`ledgerstone watch\`) only the sweep finds this kind, every ${every}`;
  return `${only}: raise --within, or use --kind forged-seal.`;
}

const seconds = (ms: number): number => Math.round(ms) / 1000;
const orNull = <T, U>(value: T | null, of: (value: T) => U): U | null => (value === null ? null : of(value));
