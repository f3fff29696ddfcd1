// What shows that a control works, in numbers of this archive, and what does not?
import { counted, countText } from '../../base/counted.ts';
import type { FindingCode } from '../../verify/finding.ts';
import { addMissing, lostOffsets, NONE_MISSING } from '../../verify/gaps.ts';
import type { ChainReport, Report } from '../../verify/report.ts';
import {
  configurationComparisons,
  type DayFacts,
  dailyRecords,
  drills,
  findingsAnswered,
} from './day-checks.ts';
import { type CheckState, failed, type Judged, notShown, shown } from './judged.ts';
import { leastLockApart } from './least-lock.ts';

/** What was found out about an archive. */
export type ControlFacts = {
  /** Of a verification that read every stored byte. */
  readonly report: Report;
  /** Names of the trusted keys, with their ids. */
  readonly keys: readonly string[];
  /** The shortest period that a seal may promise, as was asked for; null: nobody said. */
  readonly leastLock: string | null;
  /** Null: no place of attestations was named. */
  readonly attestations: {
    readonly confirmed: readonly {
      readonly origin: string;
      readonly cosigner: string;
      readonly size: number;
      readonly attestedAt: string | null;
      readonly isFork: boolean;
      readonly unread: string | null;
    }[];
    /** Origins of chains without any. */
    readonly unattested: readonly string[];
  } | null;
  /** Of the days that were asked for. */
  readonly days: DayFacts;
  /** The archive as a person types it, for the commands. */
  readonly archive: string;
};

export type CheckResult = {
  readonly check: CheckId;
  readonly state: CheckState;
  readonly text: string;
  /** By which anybody repeats it. */
  readonly command: string;
};

type Check = { readonly judge: (facts: ControlFacts) => Judged; readonly command: string };

const sum = ({ chains }: Report, of: (chain: ChainReport) => number): number =>
  chains.reduce((total, chain) => total + of(chain), 0);

const findingsOf = ({ findings, chains }: Report) => [
  ...findings,
  ...chains.flatMap((chain) => chain.findings),
];

/** How often each of these was found, in words; null: none of them, and the list of findings is whole. */
function foundText(report: Report, codes: readonly FindingCode[]): string | null {
  const all = findingsOf(report).map(({ code }) => code);
  const parts = codes.flatMap((code) => {
    const count = all.filter((one) => one === code).length;
    return count === 0 ? [] : [`${counted(count, 'finding')} ${code}`];
  });
  return parts.length === 0 ? null : parts.join(', ');
}

const isListWhole = (report: Report): boolean =>
  report.findingsOmitted === 0 && sum(report, ({ findingsOmitted }) => findingsOmitted) === 0;

/** Why nothing can be shown by a verification that did not come to `verified`; null: it did, of something. */
function unproven({ verdict, chains }: Report): string | null {
  if (verdict !== 'verified') return `The archive is ${verdict}: nothing is shown by it.`;
  return chains.length === 0 ? 'The archive has no chain.' : null;
}

function verified({ report }: ControlFacts): Judged {
  const { verdict, chains, depth } = report;
  if (verdict === 'broken') {
    const codes = [
      ...new Set(findingsOf(report).flatMap(({ code, severity }) => (severity === 'broken' ? code : []))),
    ];
    return failed(`The archive is broken: ${codes.join(', ')}.`);
  }
  const why = unproven(report);
  if (why !== null) return notShown(why);
  if (depth !== 'content') return notShown('Only seals were read.');
  const gone = sum(report, ({ expired }) => expired);
  const expired =
    gone === 0
      ? ''
      : ` The data of ${counted(gone, 'segment')} is gone after its lock had ended, and was not read.`;
  return shown(
    `${counted(chains.length, 'chain')}, ${counted(
      sum(report, ({ checked }) => checked.seals),
      'seal',
    )} and ` +
      `${counted(
        sum(report, ({ checked }) => checked.lines),
        'line',
      )} were read, and are what was signed by a trusted key.${expired}`,
  );
}

const LOCK_FAULTS = ['lock-missing', 'mode-not-compliance', 'retention-short'] as const;

function locked({ report }: ControlFacts): Judged {
  const found = foundText(report, LOCK_FAULTS);
  if (found !== null) return failed(`${found}.`);
  if (foundText(report, ['locks-not-applicable']) !== null) return notShown('The place has no locks.');
  if (foundText(report, ['locks-not-permitted']) !== null)
    return notShown('Locks may not be read by who asked.');
  const why = unproven(report);
  if (why !== null) return notShown(why);
  const locks = sum(report, ({ checked }) => checked.locks);
  if (locks === 0 || !isListWhole(report)) return notShown('No lock was read.');
  return shown(
    `The locks of ${counted(locks, 'version')} of objects were read: compliance mode, as long as promised.`,
  );
}

function leastLock({ report, leastLock: least }: ControlFacts): Judged {
  if (least === null) return notShown('Which period is long enough nobody said: --least-lock says it.');
  const { report: rest, short } = leastLockApart(report);
  if (short > 0)
    return failed(`${counted(short, 'seal')} promise${short === 1 ? 's' : ''} less than ${least}.`);
  const why = unproven(rest);
  if (why !== null) return notShown(why);
  return shown(`No seal promises a shorter lock than ${least}.`);
}

function accounted({ report }: ControlFacts): Judged {
  const found = foundText(report, ['offset-gap', 'sequence-gap', 'count-mismatch', 'truncation', 'rollback']);
  if (found !== null) return failed(`${found}.`);
  const why = unproven(report);
  if (why !== null) return notShown(why);
  const missing = report.chains.reduce((all, chain) => addMissing(all, chain.missing), NONE_MISSING);
  const offsets = sum(report, ({ firstOffset, nextOffset }) => (nextOffset ?? 0) - (firstOffset ?? 0));
  const archived = sum(report, ({ entries }) => entries);
  const lost = lostOffsets(missing);
  return shown(
    `${countText(archived)} of ${counted(offsets, 'offset')} hold a record. Each other one stands in a signed line: ` +
      `${countText(lost)} lost, ${countText(missing.compacted)} compacted, ${countText(missing.transaction)} of ` +
      'transactions. Nothing is known of what lies before the first or behind the last of a chain.',
  );
}

function clocks({ report }: ControlFacts): Judged {
  const found = foundText(report, ['clock-ahead', 'clock-backwards']);
  if (found !== null) return failed(`${found}.`);
  const why = unproven(report);
  if (why !== null) return notShown(why);
  if (foundText(report, ['locks-not-applicable']) !== null)
    return notShown(
      'Seals are in the order of their times. A copy does not know when the storage took them.',
    );
  return shown(
    `${counted(
      sum(report, ({ checked }) => checked.seals),
      'seal',
    )} are in the order of their times, and none is dated after the storage took it.`,
  );
}

function attested({ report, attestations }: ControlFacts): Judged {
  if (attestations === null)
    return notShown('No second party was asked: --attestations and --cosigner name it.');
  const { confirmed, unattested } = attestations;
  const forks = confirmed.filter(({ isFork }) => isFork);
  if (forks.length > 0)
    return failed(`Another history was attested of ${forks.map(({ origin }) => origin).join(', ')}.`);
  const why = unproven(report);
  if (why !== null) return notShown(why);
  if (unattested.length > 0)
    return notShown(
      `${counted(unattested.length, 'chain')} of ${report.chains.length} without any attestation.`,
    );
  const unread = confirmed.filter((one) => one.unread !== null);
  if (unread.length > 0 || confirmed.length === 0)
    return notShown(`What was attested could not be compared for ${counted(unread.length, 'chain')}.`);
  const behind = report.chains.filter(({ origin, size }) => {
    const attestedSize = confirmed.find((one) => one.origin === origin)?.size ?? 0;
    return attestedSize < size;
  });
  const times = confirmed.flatMap(({ attestedAt }) => attestedAt ?? []).sort();
  const names = [...new Set(confirmed.map(({ cosigner }) => cosigner))].join(', ');
  const when = times.length === 0 ? '' : `, between ${times[0]} and ${times.at(-1)}`;
  const rest =
    behind.length === 0
      ? ''
      : ` Of ${counted(behind.length, 'chain')} the newest segments are not attested yet.`;
  return shown(`${names} attested each of ${counted(report.chains.length, 'chain')}${when}.${rest}`);
}

function signingKeys({ report, keys }: ControlFacts): Judged {
  const found = foundText(report, ['bad-signature']);
  if (found !== null) return failed(`${found}.`);
  const why = unproven(report);
  if (why !== null) return notShown(why);
  return shown(
    `Each seal is signed by one of the trusted keys: ${keys.join(', ')}. Who holds them the archive does not say.`,
  );
}

function lastSealed({ report }: ControlFacts): Judged {
  const why = unproven(report);
  if (why !== null) return notShown(why);
  const times = report.chains.flatMap((chain) => chain.lastSealed ?? []).sort();
  if (times.length < report.chains.length) return notShown('Not every chain has a seal.');
  return shown(
    `The newest seals of ${counted(times.length, 'chain')} are of ${times[0]} to ${times.at(-1)}. ` +
      'Whether more was sent since the archive does not know.',
  );
}

const VERIFY = 'ledgerstone verify ARCHIVE --key KEY';
const CHECKS_REPORT =
  'ledgerstone report checks --attestations STORE --cosigner KEY --key KEY --from DAY --to DAY --out FILE';
const CHECKS = {
  verified: { judge: verified, command: VERIFY },
  locked: { judge: locked, command: VERIFY },
  'least-lock': { judge: leastLock, command: `${VERIFY} --least-lock PERIOD` },
  accounted: { judge: accounted, command: 'ledgerstone losses ARCHIVE --key KEY' },
  clocks: { judge: clocks, command: VERIFY },
  attested: { judge: attested, command: `${VERIFY} --attestations STORE --cosigner KEY` },
  'signing-keys': { judge: signingKeys, command: VERIFY },
  'last-sealed': { judge: lastSealed, command: 'ledgerstone status ARCHIVE --key KEY' },
  'daily-records': { judge: ({ days }) => dailyRecords(days), command: CHECKS_REPORT },
  'configuration-comparisons': {
    judge: ({ days }) => configurationComparisons(days),
    command: CHECKS_REPORT,
  },
  'findings-answered': { judge: ({ days }) => findingsAnswered(days), command: CHECKS_REPORT },
  drills: { judge: ({ days }) => drills(days), command: CHECKS_REPORT },
} as const satisfies Readonly<Record<string, Check>>;

export type CheckId = keyof typeof CHECKS;
export const CHECK_IDS = Object.keys(CHECKS) as readonly CheckId[];

/** All checks, each once. */
export function runChecks(facts: ControlFacts): Readonly<Record<CheckId, CheckResult>> {
  // Whether promises are long enough is a question of its own: the others are asked as if nobody asked it.
  const others = { ...facts, report: leastLockApart(facts.report).report };
  return Object.fromEntries(
    CHECK_IDS.map((check) => {
      const { judge, command }: Check = CHECKS[check];
      const judged = judge(check === 'least-lock' ? facts : others);
      return [check, { check, ...judged, command: command.replace('ARCHIVE', () => facts.archive) }];
    }),
  ) as Readonly<Record<CheckId, CheckResult>>;
}
