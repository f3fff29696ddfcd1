// The encoding thread: unpack, write lines, hash leaves, compress blocks.
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { messageOf } from '../base/error.ts';
import { gzipCompressor, zstdCompressor } from '../base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../base/node/hash.ts';
import { Kernel } from '../kernel/kernel.ts';
import { KernelLineTree, lanesBelow } from '../kernel/line-tree.ts';
import type { LineTree } from '../merkle/line-tree.ts';
import { BodyBuilder, type BodyTools } from '../segment/body.ts';
import { encodePacked } from './encode-packed.ts';
import type { FromWorker, ToWorker, WorkerOptions } from './encoder-thread.ts';

const options = workerData as WorkerOptions;
const port = parentPort;
assert(port !== null, 'encoder-worker runs as a worker thread');

const kernel = Kernel.open();

const tools: BodyTools = {
  sha256: nodeSha256,
  sha256Into: nodeSha256Into,
  ...(kernel === null ? {} : { lineTree: kernelTrees(kernel) }),
  encoding: options.encoding,
  compress: options.encoding === 'zstd' ? zstdCompressor(options.level) : gzipCompressor(options.level),
};

function kernelTrees(kernel: Kernel): () => LineTree {
  const tools = { kernel, sha256Into: nodeSha256Into, lanesBelow: lanesBelow(kernel, nodeSha256Into) };
  return () => new KernelLineTree(tools);
}

/** null: an earlier message of this batch failed, and the caller was notified. */
const builders = new Map<number, BodyBuilder | null>();
const reply = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

port.on('message', (message: ToWorker) => {
  const { id } = message;
  try {
    handle(message);
  } catch (error) {
    if (message.kind === 'add') {
      reply({ kind: 'added', id, packedBytes: message.packed.length, heldBytes: 0, buffer: null });
    }
    builders.set(id, null);
    reply({ kind: 'failed', id, message: messageOf(error) });
  }
});

function handle(message: ToWorker): void {
  const { id } = message;
  switch (message.kind) {
    case 'open':
      builders.set(id, new BodyBuilder(message.firstOffset, tools));
      break;
    case 'add': {
      const builder = builders.get(id);
      const packedBytes = message.packed.length;
      if (builder) encodePacked(kernel, message.packed, builder);
      const { buffer } = message.packed;
      reply({ kind: 'added', id, packedBytes, heldBytes: builder?.heldBytes ?? 0, buffer }, [buffer]);
      break;
    }
    case 'finish': {
      const builder = builders.get(id);
      if (!builder) break;
      const body = builder.finish();
      builders.delete(id);
      reply({ kind: 'body', id, body }, body.data === null ? [] : [body.data.buffer as ArrayBuffer]);
      break;
    }
    case 'discard':
      builders.delete(id);
      break;
  }
}
