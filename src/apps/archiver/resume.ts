// How does an operator's decision on a halted partition become part of the chain? As one signed gap line, sealed like any other.
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { zstdCompressor } from '../../base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../../base/node/hash.ts';
import { chainOrigin } from '../../format/chain.ts';
import type { GapReason } from '../../format/record.ts';
import { encodeVkey, verifierKey } from '../../format/vkey.ts';
import { BodyBuilder } from '../../segment/body.ts';
import { makeSegment, type Segment } from '../../segment/segment.ts';
import type { Config } from './config.ts';
import { newInstanceId, openSigner, openSource, openStore, trustedKeys } from './edges.ts';
import type { ArchiverLog } from './log.ts';
import { confirmPosition, identityOf, type Place } from './position.ts';
import { type Recovered, recoverHead } from './recovery.ts';
import { Sealer } from './sealing.ts';
import { VERSION } from './version.ts';

export type Decision = {
  readonly topic: string;
  readonly partition: number;
  /** Every offset below this one, from the head's next offset on, is given up. Absent: up to where Kafka's log starts. */
  readonly to?: number;
  readonly reason: Exclude<GapReason, 'transaction'>;
  /** Who decided, and why: signed, and kept for as long as the seals are. */
  readonly by: string;
  readonly why: string;
};

export type RecordedDecision = {
  readonly origin: string;
  readonly sequence: number;
  /** The gap that was sealed: [from, to). */
  readonly from: number;
  readonly to: number;
};

/** Seals the gap. The running service sees the new head within seconds and goes on after it. */
export async function recordDecision(
  config: Config,
  decision: Decision,
  options: { readonly signal: AbortSignal; readonly log: ArchiverLog },
): Promise<RecordedDecision> {
  const { signal, log } = options;
  const topic = config.source.topics.find(({ name }) => name === decision.topic);
  if (topic === undefined) {
    throw new LedgerstoneError('usage', `topic ${decision.topic} is not in the configuration`, {
      remedy: `It has: ${config.source.topics.map(({ name }) => name).join(', ')}.`,
    });
  }
  const chain = topic.partitions[decision.partition]?.chain ?? topic.chain;
  const name = {
    origin: chainOrigin({ origin: config.archive.origin, chain, partition: decision.partition }),
    chain,
    partition: decision.partition,
  };
  const place: Place = { partition: { topic: decision.topic, partition: decision.partition }, name };
  const store = await openStore(config.archive.store);
  const source = await openSource(config, log);
  try {
    const signer = await openSigner(config.archive.signing, log);
    const tools = {
      store,
      source,
      sha256: nodeSha256,
      trusted: trustedKeys(config, [signer]),
      clock: systemClock,
    };
    const recovered = await recoverHead(tools, name, null, signal);
    if (recovered === null) {
      throw new LedgerstoneError('usage', `${name.origin} has no segment yet: there is nothing to resume`);
    }
    const from = recovered.head.nextOffset;
    const range = await source.logRange(place.partition);
    const to = decision.to ?? range.low;
    checkGap(from, to, range.high);
    await confirmUnlessExpired(tools, place, recovered, range.low, signal);

    const builder = new BodyBuilder(from, {
      sha256: nodeSha256,
      sha256Into: nodeSha256Into,
      encoding: 'zstd',
      compress: zstdCompressor(config.encoding.level),
    });
    builder.gap({ offset: from, last: to - 1, reason: decision.reason, by: decision.by, why: decision.why });
    const policy = config.retention[topic.retention] ?? config.retention.seals;
    const nowMs = systemClock.now();
    const segment = makeSegment(nodeSha256, recovered.head, builder.finish(), {
      source:
        recovered.manifest.source.kind === 'file'
          ? recovered.manifest.source
          : await identityOf(source, place.partition),
      continues: null,
      anchoredMs: nowMs,
      nowMs,
      retention: { mode: policy.mode, periodMs: policy.periodMs, policy: topic.retention },
      keys: [encodeVkey(verifierKey(name.origin, signer.publicKey, nodeSha256))],
      writer: { id: newInstanceId(), version: VERSION },
    });
    const sealer = new Sealer({
      store,
      signers: [signer],
      sha256: nodeSha256,
      clock: systemClock,
      random: Math.random,
      sealRetention: config.retention.seals,
      signal,
    });
    await seal(sealer, segment, log);
    return { origin: name.origin, sequence: segment.manifest.sequence, from, to };
  } finally {
    await source.close();
    await store.close();
  }
}

function checkGap(from: number, to: number, high: number): void {
  if (to <= from) {
    throw new LedgerstoneError(
      'usage',
      `nothing to give up: the chain goes on at ${from}, and the gap would end at ${to}`,
      {
        remedy:
          '`ledgerstone status --config F` shows the gap of a halted partition; state its end with --to.',
      },
    );
  }
  if (to > high) {
    throw new LedgerstoneError(
      'usage',
      `the log ends at ${high}: a gap up to ${to} would cover records that do not exist yet`,
    );
  }
}

/** The chain must still belong to this topic; only the expired offsets may be missing. */
async function confirmUnlessExpired(
  tools: Parameters<typeof confirmPosition>[0],
  place: Place,
  recovered: Recovered,
  low: number,
  signal: AbortSignal,
): Promise<void> {
  if (low > recovered.head.nextOffset) return;
  await confirmPosition(tools, place, recovered, signal);
}

async function seal(sealer: Sealer, segment: Segment, log: ArchiverLog): Promise<void> {
  const outcome = await sealer.carry(segment, (error) => {
    if (error !== null) log.warn({}, `trying again: ${messageOf(error)}`);
  });
  if (outcome.kind === 'fenced') {
    throw new LedgerstoneError(
      'fenced',
      `the chain went on while this was decided: sequence ${segment.manifest.sequence} is taken`,
      {
        remedy: 'Look at `ledgerstone status` again; the decision may not be needed any more.',
      },
    );
  }
}
