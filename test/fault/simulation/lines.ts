// Which lines lie in a partition's archive? Read without the product's own readers of archives.
import { nodeDecompress } from '../../../src/base/node/decompress.ts';
import { decodeLine, type GapLine, type KafkaRecord } from '../../../src/format/record.ts';
import type { SimWorld } from './world.ts';

export type SealedLine = {
  readonly offset: number;
  readonly record: KafkaRecord | null;
  readonly gap: GapLine | null;
  /** Of the segment's source. */
  readonly topicId: string | null;
  readonly sequence: number;
};

export function linesOf(
  world: SimWorld,
  partition: number,
): { readonly lines: readonly SealedLine[]; readonly problems: readonly string[] } {
  const lines: SealedLine[] = [];
  const problems: string[] = [];
  for (const { manifest } of world.ledgers[partition]?.seals ?? []) {
    const { data, source, sequence } = manifest;
    if (data === null) continue;
    const stored = world.store.versionsOf(data.key).find(({ marker }) => !marker);
    if (stored === undefined) {
      problems.push(`${data.key} is missing`);
      continue;
    }
    if (stored.lock === null || stored.lock.untilMs < Date.parse(manifest.retention.until))
      problems.push(`${data.key} is locked until ${stored.lock?.untilMs}, not ${manifest.retention.until}`);
    const topicId = source.kind === 'kafka' ? source.topicId : null;
    let at = 0;
    for (const block of data.blocks) {
      const content = nodeDecompress(
        stored.bytes.subarray(at, at + block.bytes),
        data.encoding,
        block.content,
      );
      at += block.bytes;
      for (
        let start = 0, end = content.indexOf(10);
        end >= 0;
        start = end + 1, end = content.indexOf(10, start)
      ) {
        const line = decodeLine(content.subarray(start, end));
        lines.push(
          line.kind === 'entry'
            ? { offset: line.record.offset, record: line.record, gap: null, topicId, sequence }
            : { offset: line.gap.offset, record: null, gap: line.gap, topicId, sequence },
        );
      }
    }
  }
  return { lines, problems };
}
