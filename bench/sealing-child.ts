// How long does the archiver take until so many records are sealed?

import { restartWithAllocator } from '../src/apps/archiver/allocator.ts';
import { runArchiver } from '../src/apps/archiver/main.ts';
import { loadConfig } from '../src/config/archiver.ts';

restartWithAllocator();
const [configFile = '', count = '0'] = process.argv.slice(2);
const verbose = process.env['BENCH_VERBOSE'] === '1';
const stop = new AbortController();
const startedAt = { ms: 0 };
let sealed = 0;
let rssMib = 0;
const sample = setInterval(() => {
  rssMib = Math.max(rssMib, process.memoryUsage().rss / 1024 / 1024);
}, 50);
const say = (fields: object, message: string) => {
  if (message === 'partitions assigned') startedAt.ms = performance.now();
  if (verbose) console.error(message, JSON.stringify(fields));
};
const log = {
  debug() {},
  info: say,
  warn: say,
  error: (fields: object, message: string) => console.error(message, fields),
};
const config = await loadConfig(configFile, process.env);
const result = await runArchiver(config, {
  signal: stop.signal,
  log,
  onAccepted: (records) => {
    if (records >= Number(count)) stop.abort();
  },
  onSealed: (segment) => {
    sealed += segment.records;
  },
});
clearInterval(sample);
const seconds = (performance.now() - startedAt.ms) / 1000;
if (sealed < Number(count)) throw new Error(`${sealed} of ${count} sealed`);
console.log(
  JSON.stringify({ eventsPerSecond: sealed / seconds, seconds, segments: result.segments, rssMib }),
);
