// Bugs of ownership and memory: what if a partition is not where its owner thinks it is, or too much is held?
import type { Bug } from './bug.ts';

const PIPELINE = 'archiver/pipeline.ts';
const PARTITION = 'archiver/partition.ts';

export const FLOW_BUGS: readonly Bug[] = [
  {
    name: 'kept-partition-not-sought',
    shows: /and nothing moves/,
    loses: 'progress: a partition that stayed ours across a rebalance reads nothing more',
    edits: [
      {
        file: PARTITION,
        find: "if (this.#state === 'streaming' && this.#loop !== null) this.#fetchFrom(this.#loop.next);",
        replace: '',
      },
    ],
  },
  {
    name: 'memory-not-bounded',
    shows: /holds \d+ bytes, the bound is/,
    loses: 'the process, with all it holds: nothing pauses while the store is slow',
    edits: [
      {
        file: PIPELINE,
        find: 'if (held <= config.limits.memoryBytes) return;',
        replace: 'if (held > 0) return;',
      },
      { file: PARTITION, find: 'if (loop.full) this.pause();', replace: '' },
    ],
  },
  {
    name: 'paused-for-ever',
    shows: /and nothing moves/,
    loses: 'progress: who paused because memory was short is never told that there is room',
    edits: [
      {
        file: PIPELINE,
        find: 'this.#pausedForMemory = false;\n    for (const actor of this.#actors.values()) actor.resume();',
        replace: 'this.#pausedForMemory = false;',
      },
      {
        file: PARTITION,
        find: 'observer.sealed(this, batch, segment.data?.bytes.length ?? 0, seconds);\n            this.resume();',
        replace: 'observer.sealed(this, batch, segment.data?.bytes.length ?? 0, seconds);',
      },
    ],
  },
];
