// An archiver that tells how many records it has accepted and sealed, until its stdin ends.
import { restartWithAllocator } from '../src/apps/archiver/allocator.ts';
import { runArchiver } from '../src/apps/archiver/main.ts';
import { loadConfig } from '../src/config/archiver.ts';

restartWithAllocator();
const stop = new AbortController();
process.stdin.resume().on('end', () => stop.abort());
const tell = (what: object) => console.log(JSON.stringify(what));
/** A line for each part of an answer would be much of what is measured. */
const TELL_MS = 100;

const counts = { accepted: 0, sealed: 0, partitions: 0 };
let assignedAt: NodeJS.CpuUsage | null = null;
let told = '';
const telling = setInterval(() => {
  const text = JSON.stringify(counts);
  if (text !== told) console.log(text);
  told = text;
}, TELL_MS);
const log = {
  debug() {},
  warn() {},
  info(fields: object, message: string) {
    if (message !== 'partitions assigned') return;
    assignedAt ??= process.cpuUsage();
    counts.partitions = (fields as { partitions: number }).partitions;
  },
  error: (fields: object, message: string) => console.error(message, fields),
};
await runArchiver(await loadConfig(process.argv[2] ?? '', process.env), {
  signal: stop.signal,
  log,
  onAccepted: (records) => {
    counts.accepted = records;
  },
  onSealed: ({ records }) => {
    counts.sealed += records;
  },
});
clearInterval(telling);
const { user, system } = process.cpuUsage(assignedAt ?? undefined);
const rssMib = Math.round(process.resourceUsage().maxRSS / 1024);
tell({ ...counts, end: { cpuSeconds: (user + system) / 1e6, rssMib } });
