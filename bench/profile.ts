// Where does the archiver spend its time? A flame graph of each of its threads while it seals a backlog.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTopic } from '../localstack/kafka-admin.ts';
import { type Codec, fillTopic } from '../localstack/kafka-tools.ts';
import { readyStack, startStack } from '../localstack/stack.ts';
import { writeDistinctEvents } from './distinct-events.ts';
import { flameGraph } from './flame-graph.ts';
import { configFor, credentialsOf, measuredScript, SEALING_OPTIONS, SHORT_OPTION } from './sealing.ts';

const { rounds: _rounds, codecs: _codecs, ...shared } = SEALING_OPTIONS;
const { values } = parseArgs({
  options: {
    ...{ ...shared, ...SHORT_OPTION },
    records: { type: 'string', default: '500000' },
    codec: { type: 'string', default: 'none' },
    /** The folder of the pictures. */
    out: { type: 'string', default: join(tmpdir(), 'ledgerstone-profile') },
  },
});

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-profile-'));
const joined = values.stack === undefined ? undefined : await readyStack(values.stack);
const stack = joined ?? (await startStack());
try {
  const topic = `profile-${Date.now().toString(36)}`;
  const payloadFile = join(dir, 'events.jsonl');
  writeDistinctEvents(values.lines, payloadFile, { short: values.short });
  await ensureTopic(stack.kafka.bootstrap, { topic, partitions: Number(values.partitions) });
  const { codec, records } = values;
  await fillTopic(stack, { topic, records: Number(records), payloadFile, codec: codec as Codec });
  const flags = ['--cpu-prof', `--cpu-prof-dir=${join(dir, 'profiles')}`];
  const args = [configFor(stack, topic, '0', dir), records];
  const round = await measuredScript('sealing-child.ts', args, credentialsOf(stack), flags);
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  const pictures = new Set<string>();
  const files = readdirSync(join(dir, 'profiles')).map((file) => ({
    file,
    text: readFileSync(join(dir, 'profiles', file), 'utf8'),
  }));
  // The process begins anew with another allocator: its first profile is the shorter one of the two.
  for (const { file, text } of files.sort((a, b) => a.text.length - b.text.length)) {
    // CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile
    const thread = file.split('.')[4] === '0' ? 'main' : `worker-${file.split('.')[4]}`;
    const picture = join(out, `${thread}.svg`);
    writeFileSync(picture, flameGraph(JSON.parse(text), `${thread}, ${records} events`));
    pictures.add(picture);
  }
  if (values.json) console.log(JSON.stringify({ bench: 'profile', ...round, pictures: [...pictures] }));
  else {
    console.table([{ ...round, cpuByThread: undefined }]);
    console.table(round.cpuByThread);
    for (const picture of pictures) console.log(picture);
  }
} finally {
  if (joined === undefined) await stack.stop();
  rmSync(dir, { recursive: true, force: true });
}
