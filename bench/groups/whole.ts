// Is each record that Kafka acknowledged in the archive once, and is the archive what was sealed?

import { decodeLine } from '../../src/format/record.ts';
import { find, type OpenOptions, openArchive, verifyArchive } from '../../src/index.ts';
import { type Chain, compare, type Sent } from '../../test/e2e/chaos/oracle.ts';

export type Whole = {
  readonly verdict: string;
  readonly chains: number;
  /** Records by the seals. */
  readonly entries: number;
  readonly acknowledged: number;
  readonly archived: number;
  readonly lost: number;
  readonly doubled: number;
  readonly differing: number;
  readonly unacknowledged: number;
  readonly problems: readonly string[];
  readonly seconds: number;
};

/** Verifies every stored byte, then reads every record. `name`: `s3://bucket/prefix` or a directory. */
export async function wholeOf(
  name: string,
  at: OpenOptions,
  wanted: { readonly key: string; readonly topic: string; readonly partitions: number; readonly sent: Sent },
): Promise<Whole> {
  const { key, topic, partitions, sent } = wanted;
  const begunMs = performance.now();
  const archive = await openArchive(name, at);
  try {
    const report = await verifyArchive(archive, { keys: [key] });
    const chains = Array.from({ length: partitions }, (_, partition) => newChain(partition));
    const twice: string[] = [];
    const { hits, statement } = await find(archive, { keys: [key], topics: [topic], where: ['/n>=0'] });
    for await (const { partition, offset, line } of hits) {
      const decoded = decodeLine(line);
      const value = decoded.kind === 'entry' ? decoded.record.value : null;
      const { entries } = chains[partition] as (typeof chains)[number];
      if (entries.has(offset)) twice.push(`${partition}/${offset} stands twice in its chain`);
      entries.set(offset, { key: null, value: value === null ? null : Buffer.from(value).toString() });
    }
    const { isComplete, conclusion } = statement();
    const none = { haltedFrom: new Map(), gapReasons: new Set<never>(), destroyed: () => false };
    const { problems, excused: _, ...counts } = compare(chains, sent, none);
    const own = report.chains.filter(({ origin }) => origin.includes(`/${topic}/`));
    return {
      ...{ verdict: report.verdict, chains: own.length },
      entries: own.reduce((sum, chain) => sum + chain.entries, 0),
      ...counts,
      problems: [...problems, ...twice, ...(isComplete ? [] : [`not everything was read: ${conclusion}`])],
      seconds: Number(((performance.now() - begunMs) / 1000).toFixed(1)),
    };
  } finally {
    await archive.close();
  }
}

const newChain = (partition: number) =>
  ({ partition, entries: new Map(), gaps: [], nextOffset: 0 }) satisfies Chain;
