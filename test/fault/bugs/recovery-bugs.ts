// Bugs of finding a place: what if the store is read wrongly, or the log is not the one that was sealed from?
import type { Bug } from './bug.ts';

const HEAD = 'store/head.ts';
const POSITION = 'archiver/chain/position.ts';
const ANCHOR = 'archiver/chain/log-anchor.ts';
const RECOVERY = 'archiver/chain/recovery.ts';
const REVALIDATION = 'archiver/chain/revalidation.ts';

export const RECOVERY_BUGS: readonly Bug[] = [
  {
    name: 'newest-version-counts',
    shows: /without a reason: seal-invalid/,
    loses: 'the chain, to anybody who may write: a second version replaces the seal',
    edits: [
      {
        file: HEAD,
        find: "else if (counts(version)) oldest = version;\n      else this.#note('extra-version', version);",
        replace:
          "else {\n        if (oldest !== null) this.#note('extra-version', version);\n        oldest = version;\n      }",
      },
      {
        file: HEAD,
        find: "else if (!counts(version)) this.#note('extra-version', version);",
        replace: 'else if (parsed.sequence === last) this.#seen.set(last, version);',
      },
    ],
  },
  {
    name: 'marker-is-absence',
    shows: /without a reason: seal-h/,
    loses: 'the chain, to anybody who may delete: a marker hides the seal',
    edits: [
      {
        file: HEAD,
        find: "if (version.marker) this.#note('delete-marker', version);\n      else if (counts",
        replace:
          "if (version.marker) {\n        this.#note('delete-marker', version);\n        oldest = null;\n      } else if (counts",
      },
      {
        file: HEAD,
        find: "else if (version.marker) this.#note('delete-marker', version);\n      else if (!counts",
        replace:
          "else if (version.marker) {\n        this.#note('delete-marker', version);\n        if (parsed.sequence === last) last -= 1;\n      } else if (!counts",
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
    shows: /halts again and again|and nothing moves/,
    loses: 'progress: seals beyond the hint are never seen',
    edits: [
      {
        file: HEAD,
        find: 'const run = await probe.runFrom(start);',
        replace: `const all = await probe.runFrom(start);
  const run = { ...all, last: Math.min(all.last, start) };`,
      },
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
    shows: /is sealed up to .*, and nothing moves/,
    loses: 'the first records of a topic that was deleted and made anew',
    edits: [
      {
        file: ANCHOR,
        find: 'if (record?.offset === anchor.offset && equalBytes(leafHash(sha256, encodeEntry(record)), leaf))',
        replace: 'if (record?.offset === anchor.offset)',
      },
    ],
  },
  {
    name: 'anchor-from-the-unconfirmed',
    shows: /is sealed up to .*, and nothing moves/,
    loses: 'the same: the new topic vouches for itself, with a record that it gave us',
    edits: [
      { file: REVALIDATION, find: 'this.#anchor ??= this.#first;', replace: 'this.#anchor = this.#newest;' },
    ],
  },
  {
    name: 'anchor-of-the-last-owner',
    loses: 'the same: what the new topic gave the last owner vouches for it before the next one',
    shows: /is sealed up to .*, and nothing moves/,
    edits: [
      {
        file: POSITION,
        find: 'if (!hasId) {',
        replace: "if (identity.kind === 'file') {",
      },
    ],
  },
  {
    name: 'doubt-ignored',
    shows: /whose log is in doubt/,
    loses: 'the same: what is held from the new topic is sealed before anybody looks',
    edits: [
      {
        file: 'archiver/seal-loop.ts',
        find: 'if (!this.#revalidation.suspect(this.#batches.tail)) this.#batches.close();',
        replace: '',
      },
    ],
  },
  {
    name: 'held-not-looked-up',
    shows: /was taken by an election that .* knew of/,
    loses: 'what a log wrote anew over the records that are held, after it had lost its end',
    edits: [
      {
        file: REVALIDATION,
        find: 'for (const one of held) if (!this.#held.some(({ offset }) => offset === one.offset)) this.#held.push(one);',
        replace: 'void held;',
      },
    ],
  },
  {
    name: 'expired-is-skipped',
    shows: /seal .* begins at \d+ where \d+ follows/,
    loses: "the records that Kafka's retention took, without a word in the chain",
    edits: [
      {
        file: POSITION,
        find: 'if (range.low <= held && next <= range.high) return range;',
        replace: 'if (next <= range.high) return range;',
      },
      {
        file: POSITION,
        find: 'return { head, identity, anchor, tail, anchoredMs: tools.clock.now() };',
        replace: `const nextOffset = Math.max(head.nextOffset, range.low);
  return { head: { ...head, nextOffset }, identity, anchor, tail, anchoredMs: tools.clock.now() };`,
      },
    ],
  },
  {
    name: 'halt-is-tried-again',
    shows: /nothing moves: .*HaltError/,
    loses: 'the alarm: a reason to halt counts as one more error',
    edits: [
      {
        file: RECOVERY,
        find: 'if (signal.aborted || error instanceof HaltError) throw error;',
        replace: 'if (signal.aborted) throw error;',
      },
    ],
  },
  {
    name: 'added-partition-begins-late',
    shows: /begins at \d+ and leaves out/,
    loses: 'the first records of a partition that was added to a topic which began at `latest`',
    edits: [
      {
        file: 'archiver/chain/create.ts',
        find: "if (startFrom === 'earliest' || startFrom === 'latest') return range.low;",
        replace:
          "if (startFrom === 'earliest') return range.low;\n  if (startFrom === 'latest') return range.high;",
      },
    ],
  },
  {
    name: 'decision-buries-what-can-be-read',
    shows: /was given up .*, and it could be read/,
    loses: 'good records before the bad one: an operator decides while they wait to be sealed',
    edits: [
      {
        file: 'archiver/chain/resume.ts',
        find: 'if (first !== undefined && first < gap.to) throw readable(partition, first);',
        replace: '',
      },
    ],
  },
];
