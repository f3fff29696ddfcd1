// Does everybody hear of a finding, whatever fails on the way, and is the evidence there before they do?
import { describe, expect, it, vi } from 'vitest';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { Store } from '../../../src/store/store.ts';
import { alarmMessage } from '../../../src/verifier/alarms/message.ts';
import type { Notifier } from '../../../src/verifier/alarms/notifier.ts';
import { channelsOf, FindingReporter } from '../../../src/verifier/alarms/reporter.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { ARCHIVE_SCOPE, accessScope, chainScope } from '../../../src/verifier/findings/record.ts';
import { type Finding, type FindingCode, SEVERITY } from '../../../src/verify/finding.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FAULT_KINDS, type Fault, faultyStore, memoryStore } from '../../support/memory-store.ts';
import { NOTES } from '../../support/note-signing.ts';

const SCOPE = chainScope({ chain: 'orders', partition: 0 });
const ALL = { check: 'sweep', complete: true } as const;

const finding = (code: FindingCode, words: Partial<Finding> = {}): Finding => ({
  ...{ code, severity: SEVERITY[code], key: 'data/x', versionId: 'v1', sequence: 7 },
  ...{ expected: 'this', found: 'that' },
  ...words,
});

class World {
  readonly clock = new FakeClock();
  readonly store = memoryStore({ clock: this.clock });
  readonly heard: string[] = [];
  readonly logged: string[] = [];
  /** Channels that fail. */
  readonly deaf = new Set<string>();
  readonly keysWhenHeard: number[] = [];
  readonly notifiers: Notifier[] = ['sns', 'webhook'].map((channel) => ({
    channel,
    publish: async (subject) => {
      if (this.deaf.has(channel)) throw new LedgerstoneError('not-told', `${channel} is away`);
      this.keysWhenHeard.push(this.store.keys().filter((key) => key.endsWith('-open.note')).length);
      this.heard.push(`${channel}: ${subject}`);
    },
  }));
  readonly log = {
    debug: (fields: object, message: string) => this.note('debug', fields, message),
    info: (fields: object, message: string) => this.note('info', fields, message),
    warn: (fields: object, message: string) => this.note('warn', fields, message),
    error: (fields: object, message: string) => this.note('error', fields, message),
  };

  note(level: string, fields: object, message: string): void {
    this.logged.push(`${level} ${message} ${(fields as { code?: string }).code ?? ''}`);
  }

  desk(store: Store = this.store): FindingReporter {
    const { clock, log, notifiers } = this;
    const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: 86_400_000 } } as const;
    const verifier = { name: 'v', version: '1' };
    const channels = channelsOf(notifiers);
    const ledger = new Ledger({ ...NOTES, store, retention, clock, sha256: nodeSha256, verifier, channels });
    return new FindingReporter({ ledger, notifiers, log, clock, verifierName: 'verifier.example.com' });
  }
}

describe('a finding', () => {
  it('is evidence first, then everybody hears it once', async () => {
    const world = new World();
    const desk = world.desk();
    for (let run = 0; run < 3; run++) await desk.report(SCOPE, [finding('data-altered')], ALL);
    const subject = '[BROKEN] data-altered in orders/0';
    expect(world.heard.sort()).toEqual([`sns: ${subject}`, `webhook: ${subject}`]);
    expect(world.keysWhenHeard).toEqual([1, 1]);
    expect(world.logged).toEqual(['error finding data-altered']);
  });

  it('of severity notice reaches the log only', async () => {
    const world = new World();
    await world.desk().report(SCOPE, [finding('unreferenced-object')], ALL);
    await world.desk().report(SCOPE, [finding('unreferenced-object')], ALL);
    await world.desk().report(SCOPE, [], ALL);
    const logged = ['info finding unreferenced-object', 'info finding closed unreferenced-object'];
    expect([world.heard, world.logged]).toEqual([[], logged]);
  });

  it.each(['stale-chain', 'legal-hold-missing'] as const)(
    'of %s reaches everybody, and so does its end',
    async (code) => {
      const world = new World();
      for (let run = 0; run < 2; run++) await world.desk().report(SCOPE, [finding(code)], ALL);
      const opened = `[ATTENTION] ${code} in orders/0`;
      expect(world.heard.sort()).toEqual([`sns: ${opened}`, `webhook: ${opened}`]);
      world.heard.length = 0;
      for (let run = 0; run < 2; run++) await world.desk().report(SCOPE, [], ALL);
      const closed = `[closed] ${code} in orders/0`;
      expect(world.heard.sort()).toEqual([`sns: ${closed}`, `webhook: ${closed}`]);
      expect(world.logged).toEqual([`warn finding ${code}`, `info finding closed ${code}`]);
    },
  );

  it('that is gone is told to each channel that was told of it, once, even if it was deaf at first', async () => {
    const world = new World();
    await world.desk().report(SCOPE, [finding('delete-marker')], ALL);
    world.heard.length = 0;
    world.deaf.add('webhook');
    await world.desk().report(SCOPE, [], ALL);
    world.deaf.clear();
    for (let run = 0; run < 2; run++) {
      await world.desk().report(SCOPE, [], { check: 'confirm', complete: false });
    }
    expect(world.heard.map((line) => line.split(':')[0])).toEqual(['sns', 'webhook']);
    expect(world.logged.filter((line) => line.startsWith('info finding closed')).length).toBe(1);
  });

  it('that comes back before its end was told is told as open', async () => {
    const world = new World();
    await world.desk().report(SCOPE, [finding('delete-marker')], ALL);
    world.heard.length = 0;
    world.deaf.add('sns').add('webhook');
    await world.desk().report(SCOPE, [], ALL);
    world.deaf.clear();
    await world.desk().report(SCOPE, [finding('delete-marker')], ALL);
    const subject = '[ATTEMPT] delete-marker in orders/0';
    expect(world.heard.sort()).toEqual([`sns: ${subject}`, `webhook: ${subject}`]);
  });

  it('that one channel did not take is told there later, and nowhere twice', async () => {
    const world = new World();
    world.deaf.add('webhook');
    const desk = world.desk();
    for (let run = 0; run < 2; run++) await desk.report(SCOPE, [finding('fork')], ALL);
    expect(world.heard.length).toBe(1);
    expect(desk.takeCounts().notificationsFailed).toBe(2);
    world.deaf.clear();
    await world.desk().report(SCOPE, [], { check: 'confirm', complete: false });
    expect(world.heard.map((line) => line.split(':')[0])).toEqual(['sns', 'webhook']);
    expect(world.logged.filter((line) => line.startsWith('error finding')).length).toBe(1);
  });

  it('that a channel did not take is told with the next report on anything', async () => {
    const world = new World();
    world.deaf.add('webhook');
    const desk = world.desk();
    await desk.report(ARCHIVE_SCOPE, [finding('foreign-object')], ALL);
    world.deaf.clear();
    await desk.report(SCOPE, [], { check: 'confirm', complete: false });
    expect(world.heard.length).toBe(1);
    await world.clock.advance(60_000);
    for (let run = 0; run < 2; run++) await desk.report(SCOPE, [], { check: 'confirm', complete: false });
    expect(world.heard.map((line) => line.split(':')[0])).toEqual(['sns', 'webhook']);
  });

  it.each([0, 3])(
    'of an attempt %i days ago is told by a later process that hears of no other',
    async (days) => {
      const world = new World();
      world.deaf.add('sns');
      const scope = accessScope(world.clock.now());
      const attempt = finding('access-attempt');
      await world.desk().report(scope, [attempt], { check: 'access', complete: false });
      world.deaf.clear();
      await world.clock.advance(days * 86_400_000);
      const later = world.desk();
      for (let run = 0; run < 2; run++) await later.report(SCOPE, [], ALL);
      await world.desk().report(SCOPE, [], ALL);
      expect(world.heard.map((line) => line.split(':')[0])).toEqual(['webhook', 'sns']);
    },
  );

  it('is repeated without a check: nothing is reported for it, written as seen, or closed', async () => {
    const world = new World();
    world.deaf.add('webhook');
    const desk = world.desk();
    await desk.report(ARCHIVE_SCOPE, [finding('foreign-object')], ALL);
    world.deaf.clear();
    await world.clock.advance(3_600_000);
    const before = new Set(world.store.keys());
    const report = vi.spyOn(Ledger.prototype, 'report');
    await desk.report(SCOPE, [], { check: 'confirm', complete: false });
    const scopes = report.mock.calls.map(([scope]) => scope.name);
    report.mockRestore();
    expect(scopes).toEqual([SCOPE.name]);
    const written = world.store.keys().filter((key) => !before.has(key));
    expect(written.map((key) => key.split('/').at(-1))).toEqual(['000000-told-webhook.note']);
    expect(world.heard.map((line) => line.split(':')[0])).toEqual(['sns', 'webhook']);
  });

  it('is told although the bucket is away, once an hour, and becomes evidence when it is back', async () => {
    const world = new World();
    let isAway = true;
    const store = faultyStore(world.store, () => (isAway ? { kind: 'fails' } : undefined), world.clock);
    const desk = world.desk(store);
    const findings = [finding('data-missing'), finding('stale-chain')];
    for (let run = 0; run < 3; run++) {
      await expect(desk.report(SCOPE, findings, ALL)).rejects.toMatchObject({ code: 'unavailable' });
    }
    const subject = '[BROKEN, NOT KEPT] data-missing in topic=orders/partition=0';
    expect(world.heard.sort()).toEqual([`sns: ${subject}`, `webhook: ${subject}`]);
    await world.clock.advance(3_600_000);
    await expect(desk.report(SCOPE, findings, ALL)).rejects.toThrow();
    expect(world.heard.length).toBe(4);
    isAway = false;
    await desk.report(SCOPE, findings, ALL);
    expect(world.heard.length).toBe(6);
    expect(world.store.keys().filter((key) => key.endsWith('-open.note')).length).toBe(2);
  });

  it('is told again at once where neither the bucket nor the people could be reached', async () => {
    const world = new World();
    world.deaf.add('sns').add('webhook');
    const desk = world.desk(faultyStore(world.store, () => ({ kind: 'fails' }), world.clock));
    await expect(desk.report(SCOPE, [finding('fork')], ALL)).rejects.toMatchObject({ code: 'unavailable' });
    world.deaf.clear();
    await expect(desk.report(SCOPE, [finding('fork')], ALL)).rejects.toMatchObject({ code: 'unavailable' });
    expect(world.heard.length).toBe(2);
  });
});

describe('whatever goes wrong with the bucket and one channel at once', () => {
  const CALLS = 17;
  const plans = FAULT_KINDS.filter((kind) => kind !== 'slow').flatMap((kind) =>
    Array.from({ length: CALLS }, (_, index) => ({ kind, index })),
  );
  it.each(plans)(
    '$kind at call $index: by the next run both channels have heard',
    async ({ kind, index }) => {
      for (const deaf of [[], ['sns'], ['webhook'], ['sns', 'webhook']]) {
        const world = new World();
        for (const channel of deaf) world.deaf.add(channel);
        const plan = (call: { index: number }) => (call.index === index ? ({ kind } as Fault) : undefined);
        const findings = [finding('fork'), finding('delete-marker')];
        await world
          .desk(faultyStore(world.store, plan, world.clock))
          .report(SCOPE, findings, ALL)
          .catch((error: unknown) => expect(error).toBeInstanceOf(LedgerstoneError));
        world.deaf.clear();
        // Another process, which knows of nothing but the bucket; what is gone is told all the same.
        await world.desk().report(SCOPE, index % 2 === 0 ? findings : [findings[0] as Finding], ALL);
        for (const channel of ['sns', 'webhook']) {
          const isOpening = (line: string) => line.startsWith(channel) && !line.includes('[closed]');
          const heard = world.heard.filter(isOpening);
          expect([channel, heard.length > 0, heard.length <= 2]).toEqual([channel, true, true]);
        }
        for (let run = 0; run < 2; run++) await world.desk().report(SCOPE, findings.slice(0, 1), ALL);
        const closed = world.heard.filter((line) => line.includes('[closed]'));
        expect(closed.map((line) => line.split(':')[0]).sort()).toEqual(['sns', 'webhook']);
        const { length } = world.heard;
        await world.desk().report(SCOPE, findings.slice(0, 1), ALL);
        expect(world.heard.length).toBe(length);
      }
    },
  );

  it.each(plans)('$kind at call $index of a closing: both hear of it in the end', async ({ kind, index }) => {
    for (const deaf of [[], ['sns', 'webhook']]) {
      const world = new World();
      const findings = [finding('fork'), finding('delete-marker')];
      await world.desk().report(SCOPE, findings, ALL);
      world.heard.length = 0;
      for (const channel of deaf) world.deaf.add(channel);
      const plan = (call: { index: number }) => (call.index === index ? ({ kind } as Fault) : undefined);
      await world
        .desk(faultyStore(world.store, plan, world.clock))
        .report(SCOPE, findings.slice(0, 1), ALL)
        .catch((error: unknown) => expect(error).toBeInstanceOf(LedgerstoneError));
      world.deaf.clear();
      for (let run = 0; run < 2; run++) await world.desk().report(SCOPE, findings.slice(0, 1), ALL);
      for (const channel of ['sns', 'webhook']) {
        const closed = `${channel}: [closed] delete-marker in orders/0`;
        const heard = world.heard.filter((line) => line === closed);
        expect([channel, heard.length > 0, heard.length <= 2]).toEqual([channel, true, true]);
      }
      const { length } = world.heard;
      await world.desk().report(SCOPE, findings.slice(0, 1), ALL);
      expect(world.heard.length).toBe(length);
    }
  });

  it('covers every call', async () => {
    const world = new World();
    const faulty = faultyStore(world.store, () => undefined, world.clock);
    await world.desk(faulty).report(SCOPE, [finding('fork'), finding('delete-marker')], ALL);
    expect([faulty.calls.length > 6, faulty.calls.length <= CALLS]).toEqual([true, true]);
  });
});

describe('the counts', () => {
  it('are of all that is open in the scopes reported on', async () => {
    const world = new World();
    const desk = world.desk();
    expect(desk.takeCounts().open('broken')).toBeNull();
    expect(desk.openOfAll('broken')).toBeNull();
    await desk.report(SCOPE, [finding('fork'), finding('delete-marker')], ALL);
    await desk.report(SCOPE, [], { check: 'confirm', complete: false });
    await world.desk().report(ARCHIVE_SCOPE, [finding('malformed')], ALL);
    expect(desk.takeCounts().open('broken')).toBe(1);
    await desk.report(SCOPE, [], { check: 'confirm', complete: false });
    await desk.report(ARCHIVE_SCOPE, [], { check: 'confirm', complete: false });
    const { open } = desk.takeCounts();
    expect([open('broken'), open('attempt'), open('notice')]).toEqual([2, 1, 0]);
    // A run about something else takes nothing away.
    await desk.report(chainScope({ chain: 'sound', partition: 0 }), [], ALL);
    expect(desk.takeCounts().open('broken')).toBe(0);
    expect(desk.openOfAll('broken')).toBeNull();
    await desk.loadOpen();
    expect(desk.openOfAll('broken')).toBe(2);
  });

  it('after a restart are those of the bucket, before this process has looked at a single chain', async () => {
    const world = new World();
    const payments = chainScope({ chain: 'payments', partition: 7 });
    await world.desk().report(payments, [finding('fork'), finding('stale-chain')], ALL);
    await world.desk().report(ARCHIVE_SCOPE, [finding('delete-marker')], ALL);
    const desk = world.desk();
    // Sound, and the first that it looks at: that says nothing of the others.
    await desk.report(SCOPE, [], ALL);
    expect(desk.openOfAll('broken')).toBeNull();
    await desk.loadOpen();
    const counts = () => (['broken', 'attempt', 'notice'] as const).map((one) => desk.openOfAll(one));
    expect(counts()).toEqual([1, 1, 1]);
    await desk.report(payments, [], ALL);
    expect(counts()).toEqual([0, 1, 0]);
  });

  it('are not known while the bucket can not be read, and never half', async () => {
    const world = new World();
    await world.desk().report(SCOPE, [finding('fork')], ALL);
    await world.desk().report(ARCHIVE_SCOPE, [finding('malformed')], ALL);
    for (let failing = 0; failing < 3; failing++) {
      const plan = ({ index }: { index: number }) =>
        index === failing ? ({ kind: 'fails' } as const) : undefined;
      const desk = world.desk(faultyStore(world.store, plan, world.clock));
      await expect(desk.loadOpen()).rejects.toMatchObject({ code: 'unavailable' });
      expect(desk.openOfAll('broken')).toBeNull();
      await desk.loadOpen();
      expect(desk.openOfAll('broken')).toBe(2);
    }
  });

  it('have of the attempts that never close those of the last seven days', async () => {
    const world = new World();
    const desk = world.desk();
    await desk.report(accessScope(world.clock.now()), [finding('access-attempt')], ALL);
    await desk.loadOpen();
    expect(desk.openOfAll('attempt')).toBe(1);
    world.clock.jump(8 * 86_400_000);
    const next = world.desk();
    await next.loadOpen();
    expect([desk.openOfAll('attempt'), next.openOfAll('attempt')]).toEqual([0, 0]);
  });
});

describe('a message', () => {
  it('of seals that promise less than was asked for says nothing of a break', async () => {
    const world = new World();
    const texts: string[] = [];
    world.notifiers.splice(0, 2, {
      channel: 'sns',
      publish: async (subject, text) => {
        texts.push(`${subject}\n${text}`);
      },
    });
    const promise = { expected: 'a promise until 2099-01-01T00:00:00.000Z or later: no lock is shorter' };
    await world.desk().report(SCOPE, [finding('retention-short', promise)], ALL);
    expect(texts[0]).toContain(
      'Seals promise a shorter lock than `sweep.leastLock` of this verifier asks for.',
    );
    expect(texts[0]).not.toContain('not what was signed');
  });

  it('can be read', async () => {
    const world = new World();
    const texts: string[] = [];
    world.notifiers.splice(0, 2, {
      channel: 'sns',
      publish: async (subject, text) => {
        texts.push(`${subject}\n${text}`);
      },
    });
    const hostile = finding('foreign-object', { key: 'x\u202e\n[OK] all is well\u0007', sequence: null });
    await world.desk().report(SCOPE, [hostile, finding('data-altered')], ALL);
    expect(texts[0]?.replace(/[0-9a-f]{32}/g, '<id>')).toBe(
      [
        '[BROKEN] data-altered in orders/0 and 1 more',
        'verifier.example.com found in orders/0: 1 broken, 1 attempt.',
        '',
        'The archive is not what was signed, or not kept as promised. Change nothing in either bucket. Run `ledgerstone verify` from another machine with the keys that you pinned, and find out who had write access.',
        '',
        '1. data-altered (broken), segment 7',
        '   object      data/x',
        '   version     v1',
        '   expected    this',
        '   found       that',
        '   first seen  2026-11-22T10:00:00.000Z',
        '   evidence    findings/topic=orders/partition=0/data-altered/<id>/000000-open.note',
        '',
        '2. foreign-object (attempt)',
        '   object      x\\u{202e}\\u{a}[OK] all is well\\u{7}',
        '   version     v1',
        '   expected    this',
        '   found       that',
        '   first seen  2026-11-22T10:00:00.000Z',
        '   evidence    findings/topic=orders/partition=0/foreign-object/<id>/000000-open.note',
        '',
      ].join('\n'),
    );
  });

  it('of a closing says when, by which check and why', async () => {
    const world = new World();
    const texts: string[] = [];
    const publish = async (subject: string, text: string) => void texts.push(`${subject}\n${text}`);
    world.notifiers.splice(0, 2, { channel: 'sns', publish });
    await world.desk().report(SCOPE, [finding('delete-marker')], ALL);
    await world.clock.advance(60_000);
    await world.desk().report(SCOPE, [], { ...ALL, why: () => 'the keys were listed\nagain' });
    expect(texts[1]?.replace(/[0-9a-f]{32}/g, '<id>')).toBe(
      [
        '[closed] delete-marker in orders/0',
        'verifier.example.com closed in orders/0: 1 attempt.',
        '',
        '1. delete-marker (attempt), segment 7',
        '   object      data/x',
        '   version     v1',
        '   expected    this',
        '   found       that',
        '   first seen  2026-11-22T10:00:00.000Z',
        '   last seen   2026-11-22T10:00:00.000Z',
        '   closed      2026-11-22T10:01:00.000Z by v, check sweep',
        '   because     the keys were listed\\u{a}again',
        '   evidence    findings/topic=orders/partition=0/delete-marker/<id>/000000-closed.note',
        '',
      ].join('\n'),
    );
  });

  const DAY = accessScope(Date.UTC(2026, 10, 22));
  const call = (on: string, name = 'DeleteObject') =>
    finding('access-attempt', {
      ...{ key: 'cloudtrail:1', versionId: null, sequence: null },
      found: `arn:aws:iam::1:user/eve called ${name} on ${on}, acme-audit at 2026-11-22T10:00:00Z from x (y, z)`,
    });
  it.each([
    [chainScope({ chain: 'ledgerstone.drill', partition: 0 }), finding('unknown-key'), true],
    [ARCHIVE_SCOPE, finding('foreign-object', { key: 'ledgerstone.drill/20261122' }), true],
    [ARCHIVE_SCOPE, finding('foreign-object', { key: 'x/ledgerstone.drill/20261122' }), false],
    [SCOPE, finding('foreign-object', { key: 'ledgerstone.drill/x' }), false],
    [DAY, call('prod/ledgerstone.drill/x'), true],
    [DAY, call('seals/topic=ledgerstone.drill/partition=0/000000000000.tlog-proof'), true],
    [DAY, call('seals/topic=orders/ledgerstone.drill/x'), false],
    [DAY, call('seals/topic=orders/partition=0/000000000000.tlog-proof'), false],
    [DAY, call('ledgerstone.drill/x', 'PutBucketPolicy'), false],
    [DAY, call('data/x, ledgerstone.drill/x'), false],
  ])('calls a drill a drill, and nothing else: %#', async (scope, found, isDrill) => {
    const world = new World();
    await world.desk().report(scope, [found], ALL);
    expect(world.heard.map((line) => line.includes('[DRILL: '))).toEqual([isDrill, isDrill]);
    await world.desk().report(scope, [], ALL);
    expect(world.heard.slice(2).map((line) => line.includes('[DRILL: closed]'))).toEqual([isDrill, isDrill]);
  });

  it('of a drill and of something else in one scope is no drill', async () => {
    const world = new World();
    const drill = finding('foreign-object', { key: 'ledgerstone.drill/x' });
    await world.desk().report(ARCHIVE_SCOPE, [drill, finding('foreign-object')], ALL);
    expect(world.heard[0]).toBe('sns: [ATTEMPT] foreign-object in archive and 1 more');
  });

  it('is bounded', async () => {
    const world = new World();
    const { clock, store } = world;
    const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: 86_400_000 } } as const;
    const options = {
      ...NOTES,
      store,
      retention,
      clock,
      sha256: nodeSha256,
      verifier: { name: 'v', version: '1' },
    };
    const many = Array.from({ length: 5000 }, (_, i) =>
      finding('foreign-object', { key: 'k'.repeat(500) + i }),
    );
    const { opened } = await new Ledger(options).report(SCOPE, many, ALL);
    expect(opened.length).toBe(101);
    expect(alarmMessage(opened, 'v').text.length).toBeLessThan(40_000);
    expect(alarmMessage(opened, 'v').text).toContain('… and 81 more');
  });
});
