// Does `doctor --cost` say what a month costs, from what, and what is not in it?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ledgerstone } from './captured-io.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-cost-'));
  const config = {
    archive: {
      origin: 'audit.example.com/prod',
      store: { kind: 'directory', path: 'archive' },
      signing: { kind: 'local', keyFile: 'k.pem' },
    },
    source: {
      ...{ kind: 'kafka', brokers: ['127.0.0.1:1'] },
      topics: [
        { name: 'orders', retention: 'short' },
        { pattern: '^audit', retention: 'long' },
      ],
    },
    retention: { short: { mode: 'COMPLIANCE', period: '1y' }, long: { mode: 'COMPLIANCE', period: '7y' } },
  };
  writeFileSync(join(dir, 'ledgerstone.yaml'), JSON.stringify(config));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const doctor = (...words: string[]) =>
  ledgerstone(['doctor', '--config', join(dir, 'ledgerstone.yaml'), ...words]);

it('says it for so many partitions, and for what is stored', async () => {
  const { code, out } = await doctor('--cost', '--partitions', '100', '--gb-per-day', '40');
  expect(code).toBe(0);
  expect(out).toContain('100 partitions; a seal every 3600 s (idle), every 60 s (busy)');
  expect(out).toMatch(/^KMS: signatures, one key +2\.08 +65\.80$/m);
  expect(out).toMatch(/^in all +2\.90 +164\.30$/m);
  expect(out).toMatch(/months of `long`: STANDARD \d+\.\d\d, STANDARD_IA/);
  expect(out).toMatch(/^second party: Lambda +0\.60 +29\.77$/m);
  expect(out).toMatch(/^second party: KMS +2\.31 +66\.03$/m);
  expect(out).toMatch(/^second party: CloudTrail +0\.09 +4\.34$/m);
  expect(out).toContain("Not in it: the second party's requests to S3, full passes and findings");
});

it.each([
  ['1d', '1 day'],
  ['45d', '45 days'],
  ['3mo', '3 months'],
])('a policy of %s is one of %s', async (period, said) => {
  const file = join(dir, `${period}.yaml`);
  const config = JSON.parse(readFileSync(join(dir, 'ledgerstone.yaml'), 'utf8'));
  for (const policy of Object.values<{ period: string }>(config.retention)) policy.period = period;
  writeFileSync(file, JSON.stringify(config));
  const { out } = await ledgerstone([
    'doctor',
    '--config',
    file,
    '--cost',
    '--partitions',
    '1',
    '--gb-per-day',
    '1',
  ]);
  expect(out).toContain(`over the ${said} of`);
});

it('is as JSON what it is as text', async () => {
  const { out } = await doctor('--cost', '--partitions', '100', '--json');
  expect(JSON.parse(out)).toMatchObject({ partitions: 100, busy: { total: 164.3 }, storage: null });
});

it('says it for several numbers where nobody tells the right one, and that this is not all', async () => {
  const { code, out, err } = await doctor('--cost', '--gb-per-day', '40');
  expect([code, err]).toEqual([3, '']);
  expect(out).toMatch(/^The partitions could not be counted: .*127\.0\.0\.1:1/);
  expect(out).toContain('--partitions. Each: a seal every 3600 s (idle), every 60 s (busy).');
  expect(out).toMatch(/^100 partitions +2\.90 +164\.30$/m);
  expect(out).toMatch(/months of `long`: STANDARD/);
  const { code: jsonCode, out: json } = await doctor('--cost', '--json');
  const { uncounted } = JSON.parse(json);
  expect(jsonCode).toBe(3);
  expect(uncounted.why).toContain('127.0.0.1:1');
  expect(uncounted.costs.map(({ partitions }: { partitions: number }) => partitions)).toEqual([
    1, 10, 100, 1000,
  ]);
  expect(uncounted.costs[2]).toMatchObject({ busy: { total: 164.3 } });
});

it.each([
  [['--partitions', '3'], '--partitions without --cost'],
  [['--cost', '--gb-per-day', 'many'], '--gb-per-day is no amount'],
])('%j: %s', async (words, said) => {
  const { code, err, out } = await doctor(...words);
  expect(err).toContain(said);
  expect([code, out]).toEqual([2, '']);
});
