// Bugs of the way from a fetch into a batch: what if continuity is not what the gate says?
import type { Bug } from './bug.ts';

const GATE = 'ingest/gate.ts';
const PARTITION = 'archiver/partition.ts';
const IN_PLACE = 'if (record.offset !== next || next > OFFSET_LAST) break;';

export const CONTINUITY_BUGS: readonly Bug[] = [
  {
    name: 'hole-explained-away',
    shows: /is called a transaction's, and is none/,
    loses: 'records that a skipped offset stands for: they are signed as an aborted transaction',
    edits: [
      {
        file: GATE,
        find: IN_PLACE,
        replace: `if (record.offset < next || next > OFFSET_LAST) break;
      if (record.offset > next) {
        gap.extend({ first: next, last: record.offset - 1, kind: 'aborted' });
        next = record.offset;
      }`,
      },
    ],
  },
  {
    name: 'last-of-full-batch-dropped',
    shows: /is called a transaction's, and is none/,
    loses: 'one record where a batch is cut at its limit',
    edits: [
      {
        file: 'archiver/batch.ts',
        find: 'batch.encoder.add(from === 0 && to === items.length ? items : items.slice(from, to));',
        replace: `const offset = this.#next - 1;
      const gap = { offset, last: offset, reason: 'transaction', control: 0, aborted: 1 };
      const cut = to < items.length && items[to - 1].kind === 'record';
      batch.encoder.add(cut ? [...items.slice(from, to - 1), { kind: 'gap', gap }] : items.slice(from, to));`,
      },
    ],
  },
  {
    name: 'first-of-batch-doubled',
    shows: /offset \d+ where \d+ follows/,
    loses: 'exactly once: a batch begins with its first record twice',
    edits: [
      {
        file: 'segment/body.ts',
        find: 'this.#count++;',
        replace: `if (this.#count === 0) this.#starts.push(this.#writer.entry(record));
    this.#count++;`,
      },
    ],
  },
  {
    name: 'late-batch-taken',
    shows: /is called a transaction's, and is none/,
    loses: 'what lies before a late answer that is taken for the answer to a seek: it is signed as aborted',
    edits: [
      {
        file: PARTITION,
        find: 'readonly #ownership = new Ownership();',
        replace: 'readonly #ownership = new Ownership();\n  #sought = false;',
      },
      {
        file: PARTITION,
        find: 'this.#options.tools.source.seek(this.route.partition, offset);',
        replace: 'this.#options.tools.source.seek(this.route.partition, offset);\n    this.#sought = true;',
      },
      {
        file: PARTITION,
        find: 'const refused = state.loop.take(fetched);',
        replace: `const { next } = state.loop;
    const first = fetched.records[0]?.offset ?? next;
    if (this.#sought && first > next && fetched.seen.length === 0)
      fetched = { ...fetched, seen: [{ first: next, last: first - 1, kind: 'aborted' }] };
    this.#sought = false;
    const refused = state.loop.take(fetched);`,
      },
    ],
  },
  {
    name: 'halt-skipped',
    shows: /seal .* begins at \d+ where \d+ follows/,
    loses: 'what an operator should decide on: the offsets that can not be read are passed over',
    edits: [
      {
        file: PARTITION,
        find: 'readonly #ownership = new Ownership();',
        replace: 'readonly #ownership = new Ownership();\n  #skipTo = 0;',
      },
      {
        file: PARTITION,
        find: `state.loop.close();
        this.#haltFor(judgement.halt, state.loop);`,
        replace: `this.#skipTo = judgement.halt.gap.to;
        this.#rereadOnceSealed(state);`,
      },
      {
        file: PARTITION,
        find: 'const { nextOffset, size } = position.head;',
        replace: `if (this.#skipTo > position.head.nextOffset)
      position = { ...position, head: { ...position.head, nextOffset: this.#skipTo } };
    const { nextOffset, size } = position.head;`,
      },
    ],
  },
];
