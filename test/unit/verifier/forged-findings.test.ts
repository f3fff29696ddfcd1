// Can somebody who writes to the verifier's bucket keep people from hearing of a finding?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { silentLogger } from '../../../src/base/log.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import type { Notifier } from '../../../src/verifier/alarms/notifier.ts';
import { channelsOf, FindingReporter } from '../../../src/verifier/alarms/reporter.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { ARCHIVE_SCOPE, chainScope } from '../../../src/verifier/findings/record.ts';
import { type FindingCode, findingOf } from '../../../src/verify/finding.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { noteSigning } from '../../support/note-signing.ts';

const SCOPE = chainScope({ chain: 'orders', partition: 0 });
const FORK = findingOf('fork', { sequence: 3, expected: 'this', found: 'that' });
const ROLLBACK = findingOf('rollback', { sequence: 2, expected: 'this', found: 'that' });
const ALL = { check: 'confirm', complete: true } as const;
const PART = { check: 'confirm', complete: false } as const;
const NAME = 'verifier.example.com/test';
const signerOf = (seed: string) => memorySigner({ seed });

/** A verifier's bucket, and processes over it. */
class World {
  readonly clock = new FakeClock({ auto: true });
  readonly store: MemoryStore = memoryStore({ clock: this.clock });
  readonly heard: string[] = [];

  process(signing: object = noteSigning(), notifier: Partial<Notifier> = {}): FindingReporter {
    const webhook: Notifier = {
      channel: 'webhook',
      publish: async (subject) => void this.heard.push(subject),
      ...notifier,
    };
    const ledger = new Ledger({
      ...{ store: this.store, clock: this.clock, signing: signing as never, sha256: nodeSha256 },
      ...{ channels: channelsOf([webhook]), verifier: { name: NAME, version: '1' } },
      retention: { mode: 'COMPLIANCE', period: { months: 12, ms: 0 } },
    });
    const { clock } = this;
    return new FindingReporter({
      ...{ ledger, notifiers: [webhook], clock, log: silentLogger, verifierName: NAME },
    });
  }

  codes(): string[] {
    return this.heard.map((subject) => / ([a-z-]+) in /.exec(subject)?.[1] ?? subject);
  }

  /** Lays down what lies in the other bucket, at keys that `to` makes of theirs. */
  forge(from: World, to: (key: string) => string = (key) => key): void {
    for (const key of from.store.keys()) {
      const bytes = from.store.versionsOf(key)[0]?.bytes as Uint8Array;
      this.store.attacker.putVersion(to(key), bytes);
    }
  }

  notes(state: string): string[] {
    return this.store.keys().filter((key) => new RegExp(`/\\d{6}-${state}[^/]*$`).test(key));
  }
}

/** A bucket of a verifier that has found it, and notified people of it. */
async function known(signing?: object, finding = FORK): Promise<World> {
  const world = new World();
  await world.process(signing).report(SCOPE, [finding], ALL);
  expect(world.codes()).toEqual([finding.code]);
  return world;
}

describe('notes that say that people were notified', () => {
  const FORGERIES: [string, () => Promise<[World, ((key: string) => string)?]>][] = [
    ['by a key of somebody else', async () => [await known(noteSigning(signerOf('mallory')))]],
    [
      "by somebody else under this verifier's name and id",
      async () => {
        const { key } = noteSigning();
        return [await known({ ...noteSigning(signerOf('mallory')), key })];
      },
    ],
    [
      'of another archive',
      async () => [await known({ ...noteSigning(), archiveOrigin: 'other.example.com' })],
    ],
    [
      'of another finding',
      async () => {
        const from = await known(undefined, ROLLBACK);
        const twin = (await known()).store.keys()[0] as string;
        return [from, (key) => key.replace(/^.*\/(?=[^/]*$)/, twin.replace(/[^/]*$/, ''))];
      },
    ],
  ];
  it.each(FORGERIES)('%s silence nothing, and are a finding', async (_, forged) => {
    const world = new World();
    world.forge(...(await forged()));
    const laid = world.store.keys();
    expect(laid.length).toBe(3);
    const process = world.process();
    await process.report(SCOPE, [FORK], ALL);
    expect(world.codes()).toEqual(['fork', 'foreign-object']);
    await process.loadOpen();
    expect(process.openOfAll('broken')).toBe(1);
    // Nobody is notified twice, of neither.
    await world.process().report(SCOPE, [FORK], ALL);
    expect(world.codes()).toEqual(['fork', 'foreign-object']);
    // All of it is evidence.
    const foreign = world.notes('open').filter((key) => key.includes('/attestations/foreign-object/'));
    expect(foreign.length).toBe(3);
  });

  it('that nobody signed silence nothing', async () => {
    const world = new World();
    for (const key of (await known()).store.keys()) world.store.attacker.putVersion(key, utf8('{}'));
    await world.process().report(SCOPE, [FORK], ALL);
    expect(world.codes()).toEqual(['fork', 'foreign-object']);
  });

  it('by an earlier key of the verifier still count, and by one that is not trusted any more do not', async () => {
    const old = noteSigning(signerOf('old'));
    const now = noteSigning(signerOf('new'));
    for (const [cosigners, heard] of [
      [[...now.cosigners, ...old.cosigners], []],
      [now.cosigners, ['fork', 'foreign-object']],
    ] as const) {
      const world = await known(old);
      world.heard.length = 0;
      await world.process({ ...now, cosigners }).report(SCOPE, [FORK], ALL);
      expect(world.codes()).toEqual(heard);
    }
  });

  it('of the same finding at its next opening silence that one not', async () => {
    const world = await known();
    await world.process().report(SCOPE, [], ALL);
    for (const key of world.notes('told')) {
      const bytes = world.store.versionsOf(key)[0]?.bytes as Uint8Array;
      world.store.attacker.putVersion(key.replace('/000000-', '/000001-'), bytes);
    }
    world.heard.length = 0;
    await world.process().report(SCOPE, [FORK], ALL);
    expect(world.codes()).toEqual(['fork', 'foreign-object']);
  });
});

describe('notes that say that a finding is closed', () => {
  it('and are forged close nothing', async () => {
    const world = await known();
    const [open = ''] = world.notes('open');
    world.store.attacker.putVersion(open.replace('open', 'closed'), utf8('{}'));
    const process = world.process();
    await process.loadOpen();
    expect(process.openOfAll('broken')).toBe(1);
    await process.report(SCOPE, [FORK], ALL);
    expect(world.notes('open').filter((key) => key.includes('/fork/'))).toEqual([open]);
  });

  it('lie beside what somebody laid at their key', async () => {
    const world = await known();
    const [open = ''] = world.notes('open');
    world.store.attacker.putVersion(open.replace('open', 'closed'), utf8('{}'));
    const process = world.process();
    await process.report(SCOPE, [], ALL);
    await process.loadOpen();
    expect(process.openOfAll('broken')).toBe(0);
    expect(world.notes('closed').map((key) => key.replace(/^.*\//, ''))).toEqual([
      expect.stringMatching(/^000000-closed\.1\./),
      expect.stringMatching(/^000000-closed\.[a-z]/),
    ]);
    const next = world.process();
    await next.loadOpen();
    expect(next.openOfAll('broken')).toBe(0);
  });
});

describe('many openings', () => {
  it('that nobody made do not keep a new finding from having its own entry', async () => {
    const world = new World();
    const [open = ''] = (await known()).notes('open');
    for (let i = 0; i < 1100; i++) {
      const id = String(i).padStart(32, '0');
      world.store.attacker.putVersion(open.replace(/[0-9a-f]{32}/, id), utf8('{}'));
    }
    await world.process().report(SCOPE, [FORK], ALL);
    const forks = world.notes('open').filter((key) => world.store.versionsOf(key)[0]?.bytes.length !== 2);
    expect(forks.filter((key) => key.includes('/topic=orders/'))).toEqual([open]);
  });
});

describe('where no key for a note is free', () => {
  it.each(['open', 'told-webhook'])(
    '%s: people are notified all the same, and not over and over',
    async (state) => {
      const world = new World();
      const from = await known();
      const [key = ''] = from.notes(state);
      for (let copy = 0; copy < 10; copy++) {
        world.store.attacker.putVersion(
          key.replace(/(\.[a-z]+)$/, copy === 0 ? '$1' : `.${copy}$1`),
          utf8('{}'),
        );
      }
      const process = world.process();
      for (let run = 0; run < 3; run++) await process.report(SCOPE, [FORK], ALL).catch(() => undefined);
      expect(world.codes().filter((code) => code === 'fork' || code.includes('NOT KEPT'))).toHaveLength(1);
      expect(world.codes()).toContain('foreign-object');
    },
  );
});

describe('a key service that fails', () => {
  const failing = (when: () => boolean): Signer => {
    const fault = () => (when() ? ({ kind: 'fails' } as const) : undefined);
    return memorySigner({ seed: 'verifier', fault });
  };

  it('keeps no alarm back, and the next run writes the evidence', async () => {
    const world = new World();
    let isAway = true;
    const process = world.process(noteSigning(failing(() => isAway)));
    for (let run = 0; run < 2; run++)
      await expect(process.report(SCOPE, [FORK], ALL)).rejects.toMatchObject({ code: 'kms-unavailable' });
    expect(world.heard).toEqual([expect.stringContaining('NOT KEPT')]);
    expect(world.store.keys()).toEqual([]);
    isAway = false;
    await process.report(SCOPE, [FORK], ALL);
    expect(world.codes().at(-1)).toBe('fork');
    expect(world.notes('told')).toHaveLength(2);
  });

  it('after the alarm sends it once in this process, and once it is back no process sends it again', async () => {
    const world = new World();
    let isAway = false;
    const signing = noteSigning(failing(() => isAway));
    const process = world.process(signing, {
      publish: async (subject) => {
        world.heard.push(subject);
        isAway = true;
      },
    });
    for (let run = 0; run < 3; run++) await process.report(SCOPE, [FORK], ALL).catch(() => undefined);
    expect([world.codes(), world.notes('told')]).toEqual([['fork'], []]);
    isAway = false;
    await process.report(SCOPE, [FORK], PART);
    await world.process().report(SCOPE, [FORK], ALL);
    expect([world.codes(), world.notes('told').length]).toEqual([['fork'], 2]);
  });

  it('during a closing closes nothing, and the next run does', async () => {
    const world = await known();
    let isAway = true;
    const process = world.process(noteSigning(failing(() => isAway)));
    await expect(process.report(SCOPE, [], ALL)).rejects.toMatchObject({ code: 'kms-unavailable' });
    expect(world.notes('closed')).toEqual([]);
    isAway = false;
    await process.report(SCOPE, [], ALL);
    await process.loadOpen();
    expect([world.notes('closed').length, process.openOfAll('broken')]).toEqual([1, 0]);
  });
});

it.each(['ed25519', 'ecdsa-p256'] as const)(
  'a note costs one signature by an %s key, and none is asked for in vain',
  async (algorithm) => {
    const signer = memorySigner({ seed: 'verifier', algorithm });
    const world = new World();
    const codes: FindingCode[] = ['fork', 'rollback', 'unreferenced-object'];
    const findings = codes.map((code) => findingOf(code, { sequence: 1 }));
    const process = world.process(noteSigning(signer));
    await process.report(SCOPE, findings, ALL);
    await process.report(SCOPE, findings, ALL);
    await process.report(ARCHIVE_SCOPE, [], ALL);
    expect(signer.requests.length).toBe(world.store.keys().length);
    const closing = world.process(noteSigning(signer));
    await closing.report(SCOPE, [], ALL);
    expect(signer.requests.length).toBe(world.store.keys().length);
    await closing.loadOpen();
    expect(closing.openOfAll('broken')).toBe(0);
  },
);

it('two verifiers at once keep each finding once, and each believes the notes of the other', async () => {
  const world = new World();
  const [one, other] = [world.process(), world.process()];
  await Promise.all([one.report(SCOPE, [FORK], ALL), other.report(SCOPE, [FORK], ALL)]);
  expect(world.notes('open')).toHaveLength(1);
  expect(new Set(world.codes())).toEqual(new Set(['fork']));
  await Promise.all([one.report(SCOPE, [], ALL), other.report(SCOPE, [], ALL)]);
  expect(world.notes('closed')).toHaveLength(1);
});
