// Bugs of finding a place: what if the store is read wrongly, or the log is not the one that was sealed from?
import type { Bug } from './bug.ts';

const HEAD = 'store/head.ts';
const POSITION = 'apps/archiver/position.ts';
const ANCHOR = 'apps/archiver/anchor.ts';
const PARTITION = 'apps/archiver/partition.ts';

export const RECOVERY_BUGS: readonly Bug[] = [
  {
    name: 'newest-version-counts',
    loses: 'the chain, to anybody who may write: a second version replaces the seal',
    edits: [
      {
        file: HEAD,
        find: "else if (oldest === null) oldest = version;\n      else this.#note('extra-version', version);",
        replace:
          "else {\n        if (oldest !== null) this.#note('extra-version', version);\n        oldest = version;\n      }",
      },
    ],
  },
  {
    name: 'marker-is-absence',
    loses: 'the chain, to anybody who may delete: a marker hides the seal',
    edits: [
      {
        file: HEAD,
        find: "if (version.marker) this.#note('delete-marker', version);\n      else if (oldest",
        replace:
          "if (version.marker) {\n        this.#note('delete-marker', version);\n        oldest = null;\n      } else if (oldest",
      },
      {
        file: HEAD,
        find: 'else return { sequence: parsed.sequence, version };',
        replace: `else {
        if ((await this.seal(parsed.sequence)) === null) continue;
        return { sequence: parsed.sequence, version };
      }`,
      },
    ],
  },
  {
    name: 'list-ends-early',
    loses: 'progress: seals beyond the hint are never seen',
    edits: [
      {
        file: HEAD,
        find: 'for (let step = 1; await this.#has(high); step *= 2) {',
        replace: 'low = start;\n      high = start + 1;\n      for (let step = 1; step < 1; step *= 2) {',
      },
      {
        file: HEAD,
        find: 'const beyond = await probe.firstSealAfter(head);',
        replace: 'const beyond = null as Awaited<ReturnType<SealProbe["firstSealAfter"]>>;',
      },
    ],
  },
  {
    name: 'anchor-not-compared',
    loses: 'the first records of a topic that was deleted and made anew',
    edits: [
      {
        file: ANCHOR,
        find: 'if (record?.offset === anchor.offset && equalBytes(leafHash(sha256, encodeEntry(record)), anchor.leaf))',
        replace: 'if (record?.offset === anchor.offset)',
      },
    ],
  },
  {
    name: 'anchor-from-the-unconfirmed',
    loses: 'the same: the new topic vouches for itself, with a record that it gave us',
    edits: [
      { file: ANCHOR, find: 'this.#anchor ??= this.#newest;', replace: 'this.#anchor = this.#newest;' },
    ],
  },
  {
    name: 'doubt-ignored',
    loses: 'the same: what is held from the new topic is sealed before anybody looks',
    edits: [
      {
        file: 'apps/archiver/seal-loop.ts',
        find: 'if (!this.#anchor.doubt(held)) this.#batches.close();',
        replace: 'void held;',
      },
    ],
  },
  {
    name: 'held-not-looked-up',
    loses: 'what a log wrote anew over the records that are held, after it had lost its end',
    edits: [
      {
        file: ANCHOR,
        find: 'if (held !== null && this.#held.at(-1)?.offset !== held.offset) this.#held.push(held);',
        replace: 'void held;',
      },
    ],
  },
  {
    name: 'expired-is-skipped',
    loses: "the records that Kafka's retention took, without a word in the chain",
    edits: [
      {
        file: POSITION,
        find: 'if (range.low <= held && next <= range.high) return range;',
        replace: 'if (next <= range.high) return range;',
      },
      {
        file: POSITION,
        find: 'return { head, identity, anchor, anchoredMs: tools.clock.now() };',
        replace: `const nextOffset = Math.max(head.nextOffset, range.low);
  return { head: { ...head, nextOffset }, identity, anchor, anchoredMs: tools.clock.now() };`,
      },
    ],
  },
  {
    name: 'halt-is-tried-again',
    loses: 'the alarm: a reason to halt counts as one more error',
    edits: [
      {
        file: PARTITION,
        find: "if (this.#state !== 'recovering') return;\n        if (error instanceof HaltError) return this.#setHalt(error.halt);",
        replace: "if (this.#state !== 'recovering') return;",
      },
    ],
  },
  {
    name: 'start-decided-late',
    loses:
      'what came between the first start and the first seal: the next process begins at its own `latest`',
    edits: [
      {
        file: PARTITION,
        find: 'await beginChain(tools, this.place, genesis, stillOurs, (error) => this.#troubled(error), signal);',
        replace: `const { genesisHead } = await import('../../segment/segment.ts');
        const { identityOf } = await import('./position.ts');
        const identity = await identityOf(tools.source, this.place.partition);
        const { low, high } = await tools.source.logRange(this.place.partition);
        const { origin, chain, partition } = this.place.name;
        const head = genesisHead(origin, chain, partition, genesis.startFrom === 'latest' ? high : low);
        if (this.#state !== 'recovering') return;
        return this.#stream({ head, identity, anchor: null, anchoredMs: tools.clock.now() });`,
      },
      {
        file: PARTITION,
        find: 'this.#commitHint(position.head);',
        replace: 'if (position.head.size > 0) this.#commitHint(position.head);',
      },
    ],
  },
  {
    name: 'added-partition-begins-late',
    loses: 'the first records of a partition that was added to a topic which began at `latest`',
    edits: [
      {
        file: 'apps/archiver/genesis.ts',
        find: "if (startFrom === 'latest') return topicHasChain ? range.low : range.high;",
        replace: "if (startFrom === 'latest') return range.high;",
      },
    ],
  },
];
