// What does a trace say of one batch on its way to its seal?
import type { Sealer } from '../sealing/sealer.ts';
import type { Batch } from './batch.ts';
import type { PartitionRoute } from './chain/position.ts';

type Traced = { readonly tools: { readonly sealer: Sealer }; readonly route: PartitionRoute };

/** From its turn to its outcome, which log and metrics say. The wait for its turn is not in it. */
export function tracedSeal(
  { tools, route: { partition } }: Traced,
  batch: Batch | null,
  work: (batch: Batch) => Promise<void>,
): Promise<void> {
  if (batch === null) return Promise.resolve();
  const { topic, partition: number } = partition;
  const { firstOffset, nextOffset, records } = batch;
  const attributes = {
    ...{ 'messaging.destination.name': topic, 'messaging.destination.partition.id': String(number) },
    ...{ 'ledgerstone.first_offset': firstOffset, 'ledgerstone.next_offset': nextOffset },
    'ledgerstone.records': records,
  };
  return tools.sealer.tracer.span('ledgerstone.seal_batch', attributes, () => work(batch));
}
