// What does a plan say of a changed file of policies?
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActDetail } from '../../../src/format/act-detail.ts';
import { type ChainFacts, planTopic } from '../../../src/governance/plan.ts';
import { storageCosts } from '../../../src/governance/prices.ts';
import { type ReportWorld, reportWorld } from '../../support/report-world.ts';
import { ledgerstone } from './captured-io.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 30);
const sealed = (days: number, mode: 'COMPLIANCE' | 'GOVERNANCE' = 'COMPLIANCE'): ChainFacts => ({
  ...{ chain: 'orders', partition: 0, storedBytes: 5e9, recentBytes: 1e9 },
  newest: { sequence: 7, sealedMs: NOW - DAY_MS, untilMs: NOW - DAY_MS + days * DAY_MS, mode },
});
const policy = (text: string, mode: 'COMPLIANCE' | 'GOVERNANCE' = 'COMPLIANCE') => ({
  name: 'pci',
  mode,
  text,
});
const decided = (period: string): ActDetail['policy'] => ({
  policies: [{ name: 'old', mode: 'COMPLIANCE', period }],
  chains: [{ chain: 'orders', policy: 'old' }],
});
const consents = (...args: [Parameters<typeof planTopic>[1], ChainFacts[], ActDetail['policy'] | null]) =>
  planTopic('orders', ...args, NOW).consents;

describe('what has to be asked for by name', () => {
  it.each([
    ['nothing before', policy('30d'), [], null, []],
    ['the same', policy('1y'), [sealed(365)], null, []],
    ['a leap day less than the newest seal', policy('1y'), [sealed(366)], null, []],
    ['shorter than the newest seal', policy('30d'), [sealed(365)], null, ['shorter']],
    [
      'shorter than decided, though seals are shorter still',
      policy('1y'),
      [sealed(30)],
      decided('2y'),
      ['shorter'],
    ],
    ['longer than decided', policy('3y'), [sealed(30)], decided('2y'), []],
    ['a weaker mode', policy('1y', 'GOVERNANCE'), [sealed(365)], null, ['weaker']],
    ['above ten years', policy('11y'), [sealed(365)], null, ['above-10y']],
    ['exactly ten years', policy('10y'), [sealed(365)], null, []],
    ['above its duty', { ...policy('2y'), requires: { months: 12, duty: 'x' } }, [], null, ['above-duty']],
    ['at its duty', { ...policy('1y'), requires: { months: 12, duty: 'x' } }, [], null, []],
  ] as const)('%s', (_, wanted, facts, inForce, expected) => {
    expect(consents(wanted, [...facts], inForce)).toEqual(expected);
  });

  it('costs of a month of data over its whole lock', () => {
    const plan = planTopic('orders', policy('1y'), [sealed(365)], null, NOW);
    expect(plan.costs).toEqual(storageCosts(1e9, 365 / 30.44));
    expect(plan.costs[0]).toEqual({ name: 'STANDARD', usd: 0.28 });
    expect(plan.firstSegments).toEqual([{ chain: 'orders', partition: 0, sequence: 8 }]);
  });
});

describe('retention plan', () => {
  let world: ReportWorld;
  beforeAll(async () => {
    world = await reportWorld();
    const config = (archive: string) =>
      [
        'archive:',
        '  origin: audit.example.com/prod',
        `  store: { kind: directory, path: ${archive} }`,
        `  signing: { kind: local, keyFile: ${world.at('report-key.pem')} }`,
        `  trusted: [ "${readFileSync(world.at('archive.vkey'), 'utf8').trim()}" ]`,
        'source:',
        '  kind: kafka',
        '  brokers: [ "localhost:9092" ]',
        '  topics:',
        '    - { name: orders, retention: short }',
        '    - { name: fresh, retention: short }',
        'retention:',
        '  short: { mode: COMPLIANCE, period: 30d }',
        '',
      ].join('\n');
    writeFileSync(world.at('plan.yaml'), config(world.at('archive')));
  });
  afterAll(() => world.remove());

  it('says what was and what would be, for each topic', async () => {
    const { code, out, err } = await ledgerstone(['retention', 'plan', '--config', world.at('plan.yaml')]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('orders: 30d, COMPLIANCE (policy short); was ');
    expect(out).toContain('shorter than before: has to be asked for as shorter:orders');
    expect(out).toContain('from orders/0 4 on');
    expect(out).toContain('nothing is locked: a directory has no locks');
    expect(out).toContain('fresh: 30d, COMPLIANCE (policy short); nothing was sealed or decided before');
    expect(out).toContain("S3's list prices of 2026-03 in us-east-1");
  });

  it('says what it could not look at, with exit code 3', async () => {
    const { code, out } = await ledgerstone([
      'retention',
      'plan',
      '--config',
      world.at('plan.yaml'),
      '--json',
    ]);
    expect(code).toBe(0);
    const told = JSON.parse(out) as { plans: { topic: string; consents: string[] }[]; problems: string[] };
    expect(told.plans.map(({ topic, consents }) => [topic, consents])).toEqual([
      ['orders', ['shorter']],
      ['fresh', []],
    ]);
    const untrusted = readFileSync(world.at('plan.yaml'), 'utf8').replace(/^ {2}trusted:.*\n/m, '');
    writeFileSync(world.at('untrusted.yaml'), untrusted);
    const other = await ledgerstone(['retention', 'plan', '--config', world.at('untrusted.yaml')]);
    expect(other.code).toBe(3);
    expect(other.err).toContain('not looked at: orders/0: ');
  });

  it('expire says that nothing is over, and deletes nothing', async () => {
    const args = ['retention', 'expire', world.at('archive'), '--key', world.at('archive.vkey')];
    const { code, out, err } = await ledgerstone(args);
    expect([code, out]).toEqual([0, 'of no data object that is there the retention is over\n']);
    expect(err).toBe('');
    const json = await ledgerstone([...args, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ objects: [] });
  });
});
