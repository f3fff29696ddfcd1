// How long does the archiver take until so many records are sealed?

import { readdirSync, readFileSync } from 'node:fs';
import { restartWithAllocator } from '../src/apps/archiver/allocator.ts';
import { runArchiver } from '../src/apps/archiver/main.ts';
import { loadConfig } from '../src/config/archiver.ts';
import { secondsOf } from './sealing.ts';

restartWithAllocator();
const [configFile = '', count = '0'] = process.argv.slice(2);
const verbose = process.env['BENCH_VERBOSE'] === '1';
const stop = new AbortController();
const startedAt = { ms: 0, cpu: process.cpuUsage() };
let sealed = 0;
// A thread that ended is no longer listed, so its last count is kept.
const cpuByThread: Record<string, number> = {};
const sampleThreads = setInterval(() => Object.assign(cpuByThread, threadSeconds()), 250);
const say = (fields: object, message: string) => {
  if (message === 'partitions assigned')
    Object.assign(startedAt, { ms: performance.now(), cpu: process.cpuUsage() });
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
clearInterval(sampleThreads);
const seconds = (performance.now() - startedAt.ms) / 1000;
if (sealed < Number(count)) throw new Error(`${sealed} of ${count} sealed`);
const micros = ({ user, system }: NodeJS.CpuUsage): number => user + system;
const [cpu, cpuRunning] = [process.cpuUsage(), process.cpuUsage(startedAt.cpu)].map(micros);
// The system keeps the peak itself: to ask for it all the time would cost what is measured.
const rssMib = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({
    ...{ eventsPerSecond: sealed / seconds, seconds, segments: result.segments, rssMib, cpuByThread },
    cpuMicrosPerEvent: (cpu as number) / sealed,
    cpuMicrosPerEventRunning: (cpuRunning as number) / sealed,
  }),
);

/** Of each thread, by its name. Linux only. */
function threadSeconds(): Record<string, number> {
  const seconds: Record<string, number> = {};
  if (process.platform !== 'linux') return seconds;
  for (const id of readdirSync('/proc/self/task')) {
    const stat = readFileSync(`/proc/self/task/${id}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const used = secondsOf(stat);
    if (used >= 0.1) seconds[`${name} ${id}`] = used;
  }
  return seconds;
}
