// A lane: the thread that decodes what was fetched for its partitions, and encodes what was accepted of it.
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { gzipCompressor, zstdCompressor } from '../../base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../../base/node/hash.ts';
import { shareWindows } from '../../ingest/kafka/protocol/windows.ts';
import { Kernel } from '../../kernel/kernel.ts';
import { hostHashesFrom, KernelLineTree } from '../../kernel/line-tree.ts';
import type { LineTree } from '../../merkle/line-tree.ts';
import type { BodyTools } from '../../segment/body.ts';
import { LaneDecoding } from './lane-decoding.ts';
import { LaneEncoding } from './lane-encoding.ts';
import type { FromLane, LaneOptions, ToLane } from './messages.ts';

const options = workerData as LaneOptions;
const port = parentPort;
assert(port !== null, 'lane-worker runs as a worker thread');

shareWindows(options.windows);
const kernel = Kernel.open();
const tools: BodyTools = {
  sha256: nodeSha256,
  sha256Into: nodeSha256Into,
  ...(kernel === null ? {} : { lineTree: kernelTrees(kernel) }),
  encoding: options.encoding,
  compress: options.encoding === 'zstd' ? zstdCompressor(options.level) : gzipCompressor(options.level),
};

function kernelTrees(kernel: Kernel): () => LineTree {
  const tools = {
    kernel,
    sha256Into: nodeSha256Into,
    hostHashesFrom: hostHashesFrom(kernel, nodeSha256Into),
  };
  return () => new KernelLineTree(tools);
}

const reply = (message: FromLane, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
const decoding = new LaneDecoding(nodeSha256, kernel, reply);
const encoding = new LaneEncoding(tools, kernel, reply);
reply({ kind: 'ready', kernel: kernel !== null });

port.on('message', (message: ToLane) => {
  switch (message.kind) {
    case 'decode':
      decoding.open(message);
      break;
    case 'next':
      decoding.next(message.set);
      break;
    case 'close':
      decoding.close(message.set);
      break;
    case 'leaf':
      reply({ kind: 'leaf', id: message.id, leaf: decoding.leaf(message.set, message.index) });
      break;
    case 'take': {
      const { batch, set, from, to, queuedBytes } = message;
      encoding.take(batch, decoding.part(set), { from, to, queuedBytes });
      break;
    }
    case 'open':
      encoding.open(message.batch, message.firstOffset);
      break;
    case 'add':
      encoding.add(message.batch, message.packed);
      break;
    case 'finish':
      encoding.finish(message.batch);
      break;
    case 'discard':
      encoding.discard(message.batch);
      break;
  }
});
