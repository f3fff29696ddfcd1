// Bugs of making a segment permanent: what if an unknown outcome, a fence or a lock is taken for something else?
import type { Bug, Edit } from './bug.ts';

const SEALING = 'sealing/sealer.ts';
const CLOCK = 'sealing/clock-check.ts';
const SEAL_LOOP = 'archiver/seal-loop.ts';
const PARTITION = 'archiver/partition.ts';
const RECOVERY = 'archiver/chain/recovery.ts';

/** What keeps a process from signing two texts for one size, whatever else goes wrong. */
const signsTwice: Edit = {
  file: SEALING,
  find: 'if (size <= (this.#signedSizes.get(origin) ?? 0)) {',
  replace: 'if (size < 0) {',
};
const PUT_SEAL = `const ours = await this.#persist('seal', onTrouble, () =>
      this.#putSeal(segment.sealKey, bytes, lock, readBack),
    );`;
const PUT_DATA = "this.#persist('data', onTrouble, () => this.#putData(segment, readBack)),";

export const SEALING_BUGS: readonly Bug[] = [
  {
    name: 'signs-again-on-retry',
    shows: /two texts were signed/,
    loses: 'the one history: two texts are signed for one size, each with its own time',
    edits: [
      signsTwice,
      {
        file: SEALING,
        find: PUT_SEAL,
        replace: 'const ours = await this.#putSeal(segment.sealKey, bytes, lock, readBack);',
      },
    ],
  },
  {
    name: 'other-bytes-on-retry',
    shows: /sends other bytes to seals/,
    loses: 'the knowledge of what is stored: a retry signs anew, and its own first try looks like a stranger',
    edits: [
      {
        file: SEALING,
        find: PUT_SEAL,
        replace: `const ours = await this.#persist('seal', onTrouble, async () =>
      this.#putSeal(segment.sealKey, sealBytes(segment, await this.#sign(segment, onTrouble)), lock, readBack),
    );`,
      },
    ],
  },
  {
    name: 'forgets-what-it-signed',
    shows: /two texts were signed/,
    loses: 'the one history: a partition that returns does not wait for what is still on its way',
    edits: [
      signsTwice,
      { file: RECOVERY, find: 'await tools.sealer.settled(route.name.chainOrigin);', replace: '' },
      { file: SEALING, find: 'if (this.#carried.has(origin))', replace: 'if (origin === null)' },
    ],
  },
  {
    name: 'reads-back-for-the-last-owner',
    shows: /is locked until/,
    loses:
      'the lock that was promised: what another process stored meanwhile keeps its shorter one, under a marker',
    edits: [{ file: SEALING, find: 'this.#readBackMs.delete(origin);', replace: '' }],
  },
  {
    name: 'taken-is-success',
    shows: /commits \d+ of \d+, -?\d+ is sealed|the verifier calls \d+ broken|halts again and again/,
    loses: 'a whole segment: the name is taken by another writer, and 412 counts as stored',
    edits: [
      {
        file: SEALING,
        find: 'if (!stored && !(await this.#holds(oldest, bytes))) return false;',
        replace: '',
      },
    ],
  },
  {
    name: 'stored-is-first',
    shows: /commits \d+ of \d+, -?\d+ is sealed|the verifier calls \d+ broken|halts again and again/,
    loses: 'a segment that was stored over a delete marker, behind the one that counts',
    edits: [
      {
        file: SEALING,
        find: `&& outcome.versionId === oldest.versionId;
    if (!stored && !(await this.#holds(oldest, bytes))) return false;`,
        replace: `|| (await this.#holds(oldest, bytes));
    if (!stored) return false;`,
      },
    ],
  },
  {
    name: 'fence-ignored',
    shows: /commits \d+ of \d+, -?\d+ is sealed|the verifier calls \d+ broken|halts again and again/,
    loses: 'everything after the fence: the chain goes on from a segment that is not part of it',
    edits: [{ file: SEAL_LOOP, find: "if (outcome.kind === 'fenced') return events.fenced();", replace: '' }],
  },
  {
    name: 'no-recovery-after-fence',
    shows: /and nothing moves/,
    loses: 'progress: who was fenced once never seals again',
    edits: [
      {
        file: PARTITION,
        find: `this.#warn('fenced: another writer sealed this sequence; reading again from its head');
        this.#recover();`,
        replace: `this.#warn('fenced: another writer sealed this sequence');
        this.loop.discard();`,
      },
    ],
  },
  {
    name: 'seal-before-data',
    shows: /data.* is missing/,
    loses: 'records that a seal speaks of: the process dies between the two',
    edits: [
      { file: SEALING, find: PUT_DATA, replace: '' },
      {
        file: SEALING,
        find: "return ours ? { kind: 'stored', segment } : { kind: 'fenced', segment };",
        replace: `if (!ours) return { kind: 'fenced', segment };
    await this.#persist('data', onTrouble, () => this.#putData(segment, readBack));
    return { kind: 'stored', segment };`,
      },
    ],
  },
  {
    name: 'seal-named-by-offset',
    shows: /halts again and again|and nothing moves|without a reason/,
    loses: 'the fence: two writers of one sequence use two names',
    edits: [
      {
        file: 'segment/segment.ts',
        find: 'sealKey: sealKey(head.chain, head.partition, head.size),',
        replace: 'sealKey: sealKey(head.chain, head.partition, body.nextOffset),',
      },
    ],
  },
  {
    name: 'signs-when-revoked',
    shows: /which was taken from it/,
    loses: "the rule that only a partition's owner signs: every rebalance makes a fork's first half",
    edits: [
      {
        file: 'archiver/ownership.ts',
        find: 'return this.#undecided ? this.decided() : null;',
        replace: 'return null;',
      },
      {
        file: SEAL_LOOP,
        find: `wait = this.#hindrance()) await wait;
      if (this.#discarded) return;`,
        replace: 'wait = this.#hindrance()) await wait;',
      },
    ],
  },
  {
    name: 'data-lock-too-short',
    shows: /is locked until/,
    loses: 'the last hour of the retention that the manifest promises',
    edits: [
      {
        file: SEALING,
        find: 'untilMs: parseUntil(manifest.retention.until) };',
        replace: 'untilMs: parseUntil(manifest.retention.until) - 3_600_000 };',
      },
    ],
  },
  {
    name: 'clock-not-compared',
    shows: /and its clock is/,
    loses:
      'the worth of a time in a seal, and locks that nobody can shorten: the clock is wrong by more than a minute',
    edits: [
      {
        file: CLOCK,
        find: 'return offset !== null && Math.abs(offset.offsetMs) <= CLOCK_OFFSET_MAX_MS',
        replace: 'return offset !== null',
      },
      {
        file: CLOCK,
        find: 'if (Math.abs(offset.offsetMs) <= CLOCK_OFFSET_MAX_MS) return;',
        replace: 'return;',
      },
    ],
  },
  {
    name: 'time-goes-back',
    shows: /clock-backwards/,
    loses: "the order of a chain's times, once a clock is set back",
    edits: [
      {
        file: 'segment/segment.ts',
        find: 'const sealedMs = Math.max(context.nowMs, head.sealedMs);',
        replace: 'const sealedMs = context.nowMs;',
      },
    ],
  },
];
