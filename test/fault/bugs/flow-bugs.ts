// Bugs of ownership and memory: what if a partition is not where its owner thinks it is, or too much is held?
import type { Bug } from './bug.ts';

const BACKPRESSURE = 'archiver/backpressure.ts';
const BATCH = 'archiver/batch.ts';
const PARTITION = 'archiver/partition.ts';

export const FLOW_BUGS: readonly Bug[] = [
  {
    name: 'kept-partition-not-sought',
    shows: /and nothing moves/,
    loses: 'progress: a partition that stayed ours across a rebalance reads nothing more',
    edits: [
      {
        file: PARTITION,
        find: "if (state.kind === 'streaming') this.#fetchFrom(state.loop.next);",
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
        file: BACKPRESSURE,
        find: 'if (memory.heldBytes <= limitBytes) return;',
        replace: 'if (memory.heldBytes > 0) return;',
      },
      { file: PARTITION, find: 'if (state.loop.full) this.pause();', replace: '' },
    ],
  },
  {
    name: 'discarded-batch-held',
    shows: /holds \d+ bytes, and all is sealed or halted/,
    loses: 'progress: with each position that is given up there is less memory, until nothing is fetched',
    edits: [{ file: BATCH, find: 'batch.memory.release();', replace: '' }],
  },
  {
    name: 'paused-for-ever',
    shows: /and nothing moves/,
    loses: 'progress: who paused because memory was short is never told that there is room',
    edits: [
      {
        file: BACKPRESSURE,
        find: 'this.#isPaused = false;\n    for (const actor of this.#options.actors()) actor.resume();',
        replace: 'this.#isPaused = false;',
      },
      {
        file: PARTITION,
        find: 'observer.sealed(this, batch, segment.manifest, seconds);\n        this.resume();',
        replace: 'observer.sealed(this, batch, segment.manifest, seconds);',
      },
    ],
  },
];
