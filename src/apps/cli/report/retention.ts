// `ledgerstone report retention`: how long is each object locked, on a page that prints?
import { systemClock } from '../../../base/clock.ts';
import { readAhead } from '../../../base/concurrency.ts';
import { nodeSha256 } from '../../../base/node/hash.ts';
import { afterPeriod } from '../../../base/period.ts';
import type { Config } from '../../../config/archiver.ts';
import { topicOfChain } from '../../../config/topic-names.ts';
import {
  type PolicyComparison,
  type RetentionData,
  type RetentionReport,
  retentionVerdict,
} from '../../../evidence/report/retention.ts';
import { RetentionTally } from '../../../evidence/report/retention-tally.ts';
import { parseUntil } from '../../../format/time.ts';
import { lookAtActs } from '../../../read/acts.ts';
import type { ChainReader, LocatedSeal } from '../../../read/chain-reader.ts';
import { comparedOf } from '../../../read/compared-decisions.ts';
import { segmentLocks } from '../../../read/segment-locks.ts';
import { type HeldTo, heldTo } from '../../../verify/acts/held-to.ts';
import { lockSlackMs } from '../../../verify/locks.ts';
import { EXIT } from '../exit-code.ts';
import { notedSeals, walkChains } from '../losses-search.ts';
import type { ChainLosses } from '../losses-text.ts';
import type { Session } from '../session.ts';
import {
  archiveFacts,
  type LossesReportOptions,
  reportedChain,
  withBounds,
  withReportedArchive,
} from './losses.ts';
import { type ReportRange, writeReport } from './write.ts';

const SEALS =
  'Every seal of each chain below: its signature by a trusted key, its link to the one before, its promise.';
const LOCKS =
  'The lock of each seal in the window and of its data object: mode and end, of the version that counts.';
const DECISIONS = 'Every decision of the governance chain, for those that made a lock longer or held data.';
const NO_LOCKS = 'Locks: what was looked at lies in a directory or a plain copy, which has none.';
const NOT_LOOKED = [
  'Whether the stored bytes are those that were sealed: ledgerstone verify reads them.',
  'Legal holds, and objects that no seal names: the verifier’s sweep looks at them.',
  'The bucket’s own settings, its policy and who may change them: ledgerstone doctor looks at them.',
  'Whether the account that the bucket belongs to can be closed.',
];
const LOCKS_AHEAD = 16;

export async function runRetentionReport(
  session: Session,
  name: string | undefined,
  options: LossesReportOptions,
): Promise<number> {
  const { io } = session;
  return await withReportedArchive(
    session,
    name,
    options,
    async ({ archive, range, named, onlyOne, began }) => {
      const nowMs = systemClock.now();
      const tally = new RetentionTally(nowMs);
      const look = await lookAtActs(archive.store, archive.trusted, io.signal);
      const held = look.kind === 'read' ? heldTo(look, { nowMs, sha256: nodeSha256 }) : null;
      const policies = archive.config === null ? null : new Policies(archive.config);
      const walk = await walkChains({ archive, named, signal: io.signal }, async (reader, found) => {
        policies?.begin(reader);
        await tallyChain(reader, found, range, { tally, policies, held });
      });
      const chains = walk.chains.map(reportedChain);
      const data: RetentionData = {
        ...{
          rows: tally.rows(),
          ends: tally.ends(),
          faults: tally.faults,
          faultsOmitted: tally.faultsOmitted,
        },
        ...{ unknown: tally.unknown(), policies: policies?.compared ?? null, unlisted: walk.unlisted },
        decisions: comparedOf(look),
      };
      const verdict = retentionVerdict(range.window, chains, data);
      const isFound = verdict.standing === 'found' || walk.exitCode === EXIT.broken;
      return await writeReport<RetentionReport>(session, options, {
        ...{
          kind: 'retention',
          window: range.window,
          verdict: withBounds(verdict, onlyOne),
          chains,
          data,
          began,
        },
        ...{
          looked: [SEALS, ...(tally.hasLocks ? [LOCKS] : []), ...(held === null ? [] : [DECISIONS])],
          notLooked: [...(tally.hasLocks ? [] : [NO_LOCKS]), ...NOT_LOOKED],
        },
        archive: archiveFacts(name, archive, chains),
        exitCode: isFound ? EXIT.broken : verdict.standing === 'open' ? EXIT.failed : EXIT.ok,
      });
    },
  );
}

type Tallies = {
  readonly tally: RetentionTally;
  readonly policies: Policies | null;
  /** Null: no decision was looked at, or there is none. */
  readonly held: HeldTo | null;
};

async function tallyChain(
  reader: ChainReader,
  found: ChainLosses,
  { sinceMs, untilMs }: ReportRange,
  { tally, policies, held }: Tallies,
): Promise<void> {
  const { chain, partition } = reader;
  const { store, signal } = reader.options;
  async function* inWindow() {
    for await (const seal of notedSeals(reader, found)) {
      const sealedMs = Date.parse(seal.manifest.time.sealed);
      if (sealedMs >= sinceMs && sealedMs < untilMs) yield seal;
    }
  }
  const locked = async (seal: LocatedSeal) => ({ seal, locks: await segmentLocks(store, seal, signal) });
  for await (const { seal, locks } of readAhead(inWindow(), LOCKS_AHEAD, locked)) {
    const { sequence, time, retention } = seal.manifest;
    const [sealedMs, sealMs] = [Date.parse(time.sealed), parseUntil(retention.until)];
    const segment = { chain, partition, sequence };
    const promisedMs = Math.max(sealMs, held?.lockedUntilMs(segment) ?? 0);
    const about = { chain, partition, sealedMs, promisedMs, kept: held?.kept(segment, sealMs) ?? null };
    tally.add(locks.map(({ key, state }) => ({ ...about, key, state })));
    policies?.compare(seal);
  }
}

/** What the configuration says now of each chain, against the promises of its seals. */
class Policies {
  readonly #config: Config;
  readonly compared: { -readonly [K in keyof PolicyComparison]: PolicyComparison[K] }[] = [];

  constructor(config: Config) {
    this.#config = config;
  }

  begin({ chain, partition }: ChainReader): void {
    const policy = this.#policyOf(chain, partition);
    const shown = policy && { name: policy.name, mode: policy.mode, period: policy.text };
    this.compared.push({ chain, partition, policy: shown, segments: 0, short: 0, example: null });
  }

  compare({ manifest: { sequence, time, retention } }: LocatedSeal): void {
    const one = this.compared.at(-1);
    const policy = one && this.#policyOf(one.chain, one.partition);
    if (one === undefined || policy === null || policy === undefined) return;
    one.segments++;
    const leastMs = afterPeriod(Date.parse(time.sealed), policy.period) - lockSlackMs(policy.period);
    const isWeak = policy.mode === 'COMPLIANCE' && retention.mode !== 'COMPLIANCE';
    if (parseUntil(retention.until) >= leastMs && !isWeak) return;
    one.short++;
    one.example ??= `segment ${sequence}, sealed ${time.sealed}, promises ${retention.mode} until ${retention.until}`;
  }

  #policyOf(chain: string, partition: number) {
    const topic = topicOfChain(this.#config.source, chain, partition);
    const policy = topic === null ? undefined : this.#config.retention[topic.retention];
    return topic === null || policy === undefined ? null : { ...policy, name: topic.retention };
  }
}
