// A thread that ends at every request but those without entries: what hostile bytes might do to the real one.
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', ({ claim }) => {
  if (claim.entries.size > 0) process.exit(7);
  parentPort?.postMessage({ outcome: { lines: 0, contentBytes: 0, problems: [] } });
});
