// What does the archiver wait for, while it seals a backlog?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTopic } from '../localstack/kafka-admin.ts';
import { type Codec, fillTopic } from '../localstack/kafka-tools.ts';
import { readyStack, startStack } from '../localstack/stack.ts';
import { writeDistinctEvents } from './distinct-events.ts';
import {
  configFor,
  credentialsOf,
  measuredScript,
  type Round,
  SEALING_OPTIONS,
  SHORT_OPTION,
} from './sealing.ts';

const { codecs: _codecs, ...shared } = SEALING_OPTIONS;
const { values } = parseArgs({
  options: { ...shared, ...SHORT_OPTION, codec: { type: 'string', default: 'none' } },
});

/** What trace-child.ts prints. */
type Trace = Round & {
  readonly wallMs: number;
  readonly byThread: Readonly<Record<string, object>>;
  readonly laneWithoutWorkMs: readonly Readonly<Record<string, number>>[];
  readonly byStep: Readonly<Record<string, object>>;
};

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-trace-'));
const joined = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joined ?? (await startStack());
try {
  const topic = `trace-${Date.now().toString(36)}`;
  const payloadFile = join(dir, 'events.jsonl');
  writeDistinctEvents(values.lines, payloadFile, { short: values.short });
  await ensureTopic(stack.kafka.bootstrap, { topic, partitions: Number(values.partitions) });
  const { codec, records } = values;
  await fillTopic(stack, { topic, records: Number(records), payloadFile, codec: codec as Codec });
  for (let round = 0; round < Number(values.rounds); round++) {
    const args = [configFor(stack, topic, String(round), dir), records];
    const trace = (await measuredScript('trace-child.ts', args, credentialsOf(stack))) as Trace;
    if (values.json) {
      console.log(JSON.stringify({ bench: 'trace', codec, records: Number(records), round, ...trace }));
      continue;
    }
    const { byThread, byStep, laneWithoutWorkMs, ...whole } = trace;
    console.table([whole]);
    console.log('Of the time, in percent, for each thread:');
    console.table(byThread);
    console.log('Milliseconds in which a lane had nothing to do, by what went on:');
    console.table(laneWithoutWorkMs);
    console.log('Milliseconds for each step:');
    console.table(byStep);
  }
} finally {
  if (joined === undefined) await stack.stop();
  rmSync(dir, { recursive: true, force: true });
}
