// Bugs of the committed offset: what if Kafka is told of records that are not sealed, or the hint is believed?
import type { Bug } from './bug.ts';

const PARTITION = 'archiver/partition.ts';
const SEAL_LOOP = 'archiver/seal-loop.ts';

export const COMMIT_BUGS: readonly Bug[] = [
  {
    name: 'commit-on-accept',
    shows: /commits \d+ of \d+, -?\d+ is sealed/,
    loses: 'what was accepted and not sealed, to whoever trusts the committed offset',
    edits: [
      {
        file: PARTITION,
        find: 'if (state.loop.full) this.pause();',
        replace: `if (state.loop.full) this.pause();
    state.loop.commitHint({ ...state.loop.head, nextOffset: state.loop.next });`,
      },
    ],
  },
  {
    name: 'commit-before-seal',
    shows: /commits \d+ of \d+, -?\d+ is sealed/,
    loses: 'a batch whose seal never came to be',
    edits: [
      {
        file: SEAL_LOOP,
        find: 'this.#carried = batch;',
        replace: 'this.#carried = batch;\n      this.commitHint(segment.after);',
      },
    ],
  },
  {
    name: 'commit-of-the-appended-offset',
    shows: /commits \d+ of \d+, -?\d+ is sealed/,
    loses: 'the batch that fills while another one is sealed',
    edits: [
      {
        file: SEAL_LOOP,
        find: 'this.commitHint(segment.after);',
        replace: 'this.commitHint({ ...segment.after, nextOffset: this.next });',
      },
    ],
  },
  {
    name: 'drain-commits-and-drops',
    shows: /commits \d+ of \d+, -?\d+ is sealed/,
    loses: 'the batch that was filling when the process was asked to stop',
    edits: [
      {
        file: PARTITION,
        find: 'if (loop.empty) return;',
        replace: `loop.commitHint({ ...loop.head, nextOffset: loop.next });
      loop.discard();
      return;`,
      },
    ],
  },
  {
    name: 'hint-is-the-truth',
    shows: /seal .* begins at \d+ where \d+ follows|livelock/,
    loses: 'exactly once: the position comes from the committed offset, which may be old',
    edits: [
      {
        file: 'archiver/chain/position.ts',
        find: 'return confirmPosition(tools, route, recovered, signal);',
        replace: `const position = await confirmPosition(tools, route, recovered, signal);
  return ours ? { ...position, head: { ...position.head, nextOffset: committed.nextOffset } } : position;`,
      },
    ],
  },
];
