// What does each step of `verify --depth content` take by itself, and what is the least that all of them can take?
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freeNow } from '../src/base/free.ts';
import { MIB } from '../src/base/limits.ts';
import { zstdCompressor } from '../src/base/node/compress.ts';
import { nodeSha256Into } from '../src/base/node/hash.ts';
import { nodeContentTools } from '../src/verify/node/tools.ts';
import { PlainLine } from '../src/verify/plain-line.ts';
import { median } from './sealing.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    rounds: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
});

/** One block of 1 MiB, whose lines a verifier takes. */
const FIRST = 1000;
const events = readFileSync(values.lines, 'latin1')
  .split('\n')
  .filter((text) => text !== '');
const starts: number[] = [];
const texts: string[] = [];
let bytes = 0;
for (let i = 0; bytes < MIB; i++) {
  const event = events[i % events.length];
  const text = `{"offset":${FIRST + i},"timestamp":${1_700_000_000_000 + i},"value":${event}}\n`;
  starts.push(bytes);
  texts.push(text);
  bytes += text.length;
}
const content = new Uint8Array(Buffer.from(texts.join(''), 'latin1'));
const view = new DataView(content.buffer);
const stored = zstdCompressor(3)(content);
const out = new Uint8Array(65);
const ends = starts.map((_, i) => (starts[i + 1] ?? bytes) - 1);

const steps: Readonly<Record<string, () => void | Promise<void>>> = {
  zstd: async () => freeNow(await nodeContentTools.decompress(stored, 'zstd', content.length)),
  'lines and their JSON': () => {
    const plain = new PlainLine();
    for (const [i, start] of starts.entries())
      if (plain.read(content, view, start, FIRST + i) !== ends[i]) throw new Error(`line ${i}`);
  },
  'leaves, a call each': () => {
    for (const [i, start] of starts.entries())
      nodeSha256Into(new Uint8Array(content.buffer, start, (ends[i] as number) - start), out, 1);
  },
  'of that, the rounds of SHA-256': () => void hash('sha256', content, 'binary'),
  'nodes, a call each': () => {
    for (const _ of starts) nodeSha256Into(out, out, 1);
  },
};
const SUMMED = ['zstd', 'lines and their JSON', 'leaves, a call each', 'nodes, a call each'];

const times: Record<string, number[]> = {};
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, step] of Object.entries(steps)) {
    const started = performance.now();
    await step();
    times[name] = [...(times[name] ?? []), ((performance.now() - started) * 1000) / starts.length];
  }
}
const best = (name: string) => Math.min(...(times[name] as number[]));
const least = SUMMED.reduce((sum, name) => sum + best(name), 0);
const rounded = (micros: number) => Number(micros.toFixed(3));
const results = Object.keys(steps).map((step) => ({
  step,
  microsPerLine: rounded(best(step)),
  median: rounded(median(times[step] as number[])),
}));
const lineBytes = bytes / starts.length;
const summary = {
  ...{ bench: 'verify-steps', lines: starts.length, lineBytes: Math.round(lineBytes) },
  /** Of one thread, if nothing were lost between the steps. */
  leastMicrosPerLine: rounded(least),
  mostMBpsPerThread: Math.round(lineBytes / least),
};
if (!values.json) console.table(results);
console.log(JSON.stringify({ ...summary, results }));
