// Does what a whole verifier runs end up in the record of its day, and is it kept by each kind of process?
import { describe, expect, it } from 'vitest';
import { dateOf, parseTallyKey, tallyKey } from '../../../src/verifier/days/day-keys.ts';
import { parseTally } from '../../../src/verifier/days/day-notes.ts';
import { isOwnKey } from '../../../src/verifier/own-keys.ts';
import { NOW_MS } from '../../support/archive-builder.ts';
import { noteContent } from '../../support/note-signing.ts';
import { verifierRig } from '../../support/verifier-rig.ts';

type Rig = Awaited<ReturnType<typeof verifierRig>>;

/** Of all tallies in the bucket. */
const tallies = ({ world: { store } }: Rig) =>
  store.keys().flatMap((key) => {
    const parsed = parseTallyKey(key);
    return parsed === null ? [] : [parseTally(noteContent(store.versionsOf(key)[0]?.bytes), parsed)];
  });

describe('a run of a task', () => {
  it.each([
    ['confirm', 'confirmations', { chains: 1, verified: 1 }],
    ['sweep', 'sweeps', {}],
    ['freshness', 'confirmations', { chains: 1, verified: 1 }],
  ] as const)(
    '%s is counted, and kept at once where the process may end without notice',
    async (task, kind, least) => {
      const rig = await verifierRig(3, 0);
      await rig.run({ task });
      const [tally, ...more] = tallies(rig);
      expect(more).toEqual([]);
      expect(tally?.kinds[kind]).toMatchObject({ runs: 1, failed: 0, whole: 1, least });
      expect(Object.keys(tally?.kinds ?? {})).toEqual([kind]);
      expect(tally?.attested).toBe(kind === 'confirmations' ? 1 : 0);
    },
  );

  it('full-pass says how long any byte waits', async () => {
    const rig = await verifierRig(3, 0);
    await rig.run({ task: 'confirm' });
    await rig.run({ task: 'full-pass' });
    const kinds = tallies(rig).flatMap((tally) => tally.kinds.fullPasses ?? []);
    expect(kinds).toMatchObject([{ runs: 1, whole: 1, least: { chains: 1 }, sums: { segments: 3 } }]);
    expect(kinds[0]?.least['oldestReadAt']).toBeGreaterThan(0);
  });

  it('of some chains, of an archive without one, or that failed is no whole one', async () => {
    const rig = await verifierRig(3, 0);
    await rig.run({ task: 'confirm', chains: [{ chain: 'orders', partition: 0 }] });
    expect(tallies(rig)[0]?.kinds.confirmations).toMatchObject({ runs: 1, whole: 0, firstMs: null });
    const empty = await verifierRig(0, 0);
    await empty.run({ task: 'confirm' });
    expect(tallies(empty)[0]?.kinds.confirmations).toMatchObject({ runs: 1, whole: 0 });
    const failing = await verifierRig(3, 0);
    failing.world.builder.archive.failures.set('list:seals/topic=orders/partition=0/', new Error('away'));
    await failing.run({ task: 'confirm' }).catch(() => {});
    const counts = tallies(failing)[0]?.kinds.confirmations;
    expect([counts?.runs, counts?.whole, counts?.failed]).toEqual([1, 0, 1]);
  });

  it('waits in memory where the process says when it ends', async () => {
    const rig = await verifierRig(3);
    await rig.run({ task: 'confirm' });
    expect(tallies(rig)).toEqual([]);
  });

  it('its notes are the verifier’s own', () => {
    expect(isOwnKey(tallyKey({ date: dateOf(NOW_MS), process: '0123456789abcdef', part: 7 }))).toBe(true);
    expect(isOwnKey('passes/days/2026-11-22.note')).toBe(true);
    expect(isOwnKey('passes/days/2026-11-22/x.note')).toBe(false);
  });
});
