// Bugs of the way from a fetch into a batch: what if continuity is not what the gate says?
import type { Bug } from './bug.ts';

const GATE = 'ingest/gate.ts';
const IN_PLACE = 'if (record.offset !== next || next > OFFSET_LAST) break;';

export const CONTINUITY_BUGS: readonly Bug[] = [
  {
    name: 'hole-explained-away',
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
    name: 'overlap-trimmed-blindly',
    loses: 'what a replaced topic holds below our position: its replay is taken for a repeat',
    edits: [
      {
        file: GATE,
        find: IN_PLACE,
        replace: `if (record.offset < next) {
        atRecord += 1;
        continue;
      }
      ${IN_PLACE}`,
      },
    ],
  },
  {
    name: 'last-of-full-batch-dropped',
    loses: 'one record where a batch is cut at its limit',
    edits: [
      {
        file: 'apps/archiver/batch.ts',
        find: 'batch.body.add(from === 0 && to === items.length ? items : items.slice(from, to));',
        replace: `const offset = this.#next - 1;
      const gap = { offset, last: offset, reason: 'transaction', control: 0, aborted: 1 };
      const cut = to < items.length && items[to - 1].kind === 'record';
      batch.body.add(cut ? [...items.slice(from, to - 1), { kind: 'gap', gap }] : items.slice(from, to));`,
      },
    ],
  },
  {
    name: 'first-of-batch-doubled',
    loses: 'exactly once: a batch begins with its first record twice',
    edits: [
      {
        file: 'segment/body.ts',
        find: 'this.#count++;',
        replace: `if (this.#count === 0) {
      this.#starts.push(this.#writer.entry(record));
      this.#count++;
    }
    this.#count++;`,
      },
    ],
  },
  {
    name: 'late-batch-taken',
    loses: "order: an old generation's answer, late, is appended to what a kept partition holds",
    edits: [
      { file: 'apps/archiver/pipeline.ts', find: 'if (!this.#assigned) return;', replace: '' },
      {
        file: 'apps/archiver/partition.ts',
        find: "if (this.#state !== 'streaming' || this.#suspended || this.#rereads || loop === null) return;",
        replace: "if (this.#state !== 'streaming' || this.#rereads || loop === null) return;",
      },
      {
        file: 'apps/archiver/partition.ts',
        find: 'const admission = admit(loop.next, fetched);',
        replace: `const late = this.#suspended ? fetched.records[0]?.offset : undefined;
    const admission = admit(late ?? loop.next, fetched);`,
      },
      {
        file: 'segment/body.ts',
        find: 'assert(record.offset === this.#nextOffset,',
        replace: 'assert(record.offset >= 0,',
      },
    ],
  },
  {
    name: 'halt-skipped',
    loses: 'what an operator should decide on: the offsets that can not be read are passed over',
    edits: [
      {
        file: 'apps/archiver/partition.ts',
        find: '#wakers: (() => void)[] = [];',
        replace: '#wakers: (() => void)[] = [];\n  #skipTo = 0;',
      },
      {
        file: 'apps/archiver/partition.ts',
        find: `this.#loop?.close();
        this.#setHalt(judgement.halt);`,
        replace: `this.#skipTo = judgement.halt.gap.to;
        this.#rereadOnceSealed();`,
      },
      {
        file: 'apps/archiver/partition.ts',
        find: 'const { nextOffset, size } = position.head;',
        replace: `if (this.#skipTo > position.head.nextOffset)
      position = { ...position, head: { ...position.head, nextOffset: this.#skipTo } };
    const { nextOffset, size } = position.head;`,
      },
    ],
  },
];
